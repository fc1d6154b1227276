import { isIP } from "node:net";
import { fault } from "./fault.ts";

const HIGHEST = 65_535;
const PROTOCOLS: ReadonlySet<string> = new Set(["tcp", "udp", "sctp"]);

/**
 * Writes out what EXPOSE names: `8080`, `8080/udp`, `8000-8002`, also in the form of `docker run -p`
 * (`[IP:][HOST:]PORT`), of which only the container's port counts.
 *
 * @returns `8080/tcp` and the like, in order
 * @throws AircrateError input
 */
export function expandPorts(spec: string, where: string): string[] {
  const parts = spec.split(":");
  const [ports, protocol, ...more] = parts.pop()!.split("/");
  const host = parts.pop() ?? "";
  const ip = parts.join(":");
  const name = protocol === undefined || protocol === "" ? "tcp" : protocol.toLowerCase();
  const range = readRange(ports!);
  const hostRange = host === "" ? range : readRange(host);
  if (more.length > 0 || !PROTOCOLS.has(name) || range === undefined || hostRange === undefined || !isAddress(ip)) {
    throw fault(where, `"${spec}" is no port`, {
      hint: "write 8080, 8080/udp or 8000-8010/tcp; ports are 0 to 65535, protocols tcp, udp and sctp",
    });
  }
  const [first, last] = range;
  if (first !== last && hostRange[1] - hostRange[0] !== last - first) {
    throw fault(where, `"${spec}" has ranges of different lengths`, {
      hint: "EXPOSE needs the container's ports only",
    });
  }
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${name}`);
}

function readRange(text: string): readonly [first: number, last: number] | undefined {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= HIGHEST ? [first, last] : undefined;
}

function isAddress(ip: string): boolean {
  return ip === "" || isIP(ip.startsWith("[") && ip.endsWith("]") ? ip.slice(1, -1) : ip) !== 0;
}
