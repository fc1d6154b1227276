import { AircrateError } from "../error.ts";

/**
 * Reads the address of a device: HOST, HOST:PORT or [IPv6]:PORT, also with `http://` before it.
 *
 * @returns HOST[:PORT] as it stands in an address
 * @throws AircrateError usage
 */
export function parseDeviceAddress(text: string): string {
  const bare = text.replace(/^http:\/\//i, "").replace(/\/$/, "");
  // Whatever else a URL may hold, such as a path or a password, is not part of an address.
  if (/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.test(bare) && URL.canParse(`http://${bare}`)) {
    return new URL(`http://${bare}`).host;
  }
  throw new AircrateError("usage", `${JSON.stringify(text.slice(0, 300))} is not the address of a device`, {
    hint: "write it as HOST or HOST:PORT, for example 10.41.1.1",
  });
}
