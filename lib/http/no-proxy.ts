import { BlockList, isIP } from "node:net";

/**
 * Whether a server is asked without a proxy. `localhost` and loopback addresses always are; others by the entries of
 * `NO_PROXY`, separated by commas or white space, which are read as Go's programs (docker, podman, skopeo) do:
 *
 * - `*`: every server
 * - `example.com`: this name and all below it; `.example.com` and `*.example.com`: only those below it
 * - `10.0.0.1`, `[::1]`: this address; `10.0.0.0/8`, `fd00::/8`: the addresses of this block
 * - a name or an address with `:PORT`: this port only
 *
 * Names are not looked up, so an address never stands for a name. An entry of no such form matches nothing.
 */
export function bypasses(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  if (host === "localhost" || inBlock(host, "127.0.0.0/8") || inBlock(host, "::1/128")) return true;
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== "");
  return entries.some((entry) => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inBlock(host, entry);
  const { name, only } = splitPort(entry);
  if (only !== undefined && only !== port) return false;
  const version = isIP(name);
  if (version !== 0) return inBlock(host, `${name}/${version === 4 ? 32 : 128}`);
  const domain = name.replace(/^\*(?=\.)/, "").replace(/\.$/, "");
  if (domain === "" || isIP(host) !== 0) return false;
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function splitPort(entry: string): { name: string; only?: string } {
  if (isIP(entry) !== 0) return { name: entry };
  const [, bracketed, plain, only] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  return { name: bracketed ?? plain ?? "", ...(only !== undefined && { only }) };
}

/** Whether an address is in a block, as ADDRESS/BITS (RFC 4632, RFC 4291). */
function inBlock(host: string, block: string): boolean {
  const [base = "", bits = "", more] = block.split("/");
  const family = (address: string) => (isIP(address) === 4 ? "ipv4" : "ipv6");
  const size = family(base) === "ipv4" ? 32 : 128;
  if (isIP(host) === 0 || isIP(base) === 0 || more !== undefined) return false;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > size) return false;
  const blocks = new BlockList();
  blocks.addSubnet(base, Number(bits), family(base));
  return blocks.check(host, family(host));
}
