import { AircrateError } from "../error.ts";

/** Maps a registry to the host to ask instead of it: `docker.io` -> `127.0.0.1:5000`. */
export type Mirrors = ReadonlyMap<string, string>;

/** The host and port under which the registry of a reference serves its API. */
export function apiHost(registry: string, mirrors: Mirrors): string {
  const host = mirrors.get(registry) ?? registry;
  return host === "docker.io" ? "registry-1.docker.io" : host;
}

/**
 * Whether a host is this machine. Only such a host may be spoken to in plain http, as Docker allows; names other than
 * `localhost` do not count, since a name server could send them anywhere.
 */
export function isLoopback(host: string): boolean {
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d+$/, "");
  return name === "localhost" || name === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Reads `REGISTRY=HOST`. @throws AircrateError usage */
export function parseMirror(text: string): readonly [registry: string, host: string] {
  const [registry, host, more] = text.split("=");
  const valid = !/[/\s@?#\\]/.test(text) && URL.canParse(`https://${host}`);
  if (!registry || !host || more !== undefined || !valid) {
    throw new AircrateError("usage", `"${text}" is not a mirror`, {
      hint: "write it as REGISTRY=HOST[:PORT], for example docker.io=127.0.0.1:5000",
    });
  }
  return [registry, host];
}

/** Reads `HOST[:PORT]`. @throws AircrateError usage */
export function parseHost(text: string): string {
  if (URL.canParse(`https://${text}`) && !/[/\s@?#\\=]/.test(text)) return text;
  throw new AircrateError("usage", `"${text}" is not a registry's host`, {
    hint: "write it as HOST[:PORT], for example registry.example.com:5000",
  });
}
