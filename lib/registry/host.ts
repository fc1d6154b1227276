import { AircrateError } from "../error.ts";

/** The host and port under which a registry serves its API. */
export function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/**
 * Whether a host is this machine. Only such a host may be spoken to in plain http, as Docker allows; names other than
 * `localhost` do not count, since a name server could send them anywhere.
 */
export function isLoopback(host: string): boolean {
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d+$/, "");
  return name === "localhost" || name === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Reads `HOST[:PORT]`. @throws AircrateError usage */
export function parseHost(text: string): string {
  if (URL.canParse(`https://${text}`) && !/[/\s@?#\\=]/.test(text)) return text;
  throw new AircrateError("usage", `"${text}" is not a registry's host`, {
    hint: "write it as HOST[:PORT], for example registry.example.com:5000",
  });
}
