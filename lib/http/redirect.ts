import { AircrateError } from "../error.ts";

export const MAX_REDIRECTS = 5;

/** Headers that are meant for one origin only. */
const PRIVATE_HEADERS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** What goes with a request to `next` that followed one to `from`. */
export function headersFor(
  next: URL,
  from: URL,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (next.origin === from.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !PRIVATE_HEADERS.has(name.toLowerCase())));
}

/**
 * The address that an answer points to, if it is a redirect.
 *
 * @param options `bound` names what is sent to its own origin only
 * @throws AircrateError unreachable when it is not followed
 */
export function redirectTarget(
  { statusCode, headers }: { statusCode: number; headers: Readonly<Record<string, string | string[] | undefined>> },
  { from, hops, where, bound }: { from: URL; hops: number; where: string; bound: string | undefined },
): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined;
  if (hops === MAX_REDIRECTS) throw redirectError(where, from, `more than ${MAX_REDIRECTS} redirects`);
  const next = readLocation(String(headers.location), from);
  if (typeof next === "string") throw redirectError(where, from, `the redirect ${next}`);
  if (bound !== undefined && next.origin !== from.origin) {
    throw redirectError(where, from, `${bound} is not sent on to ${next.origin}`);
  }
  return next;
}

/** Reads a `Location` header (RFC 9110, section 10.2.2). @returns what is wrong with it when it is not to be used */
export function readLocation(location: string, from: URL): URL | string {
  if (!URL.canParse(location, from.href)) return "leads to no valid address";
  const next = new URL(location, from);
  if (next.protocol !== "https:" && !(next.protocol === "http:" && from.protocol === "http:")) {
    return `leads from ${from.protocol} to ${next.protocol}`;
  }
  return next.username !== "" || next.password !== "" ? "carries credentials in its address" : next;
}

function redirectError(where: string, from: URL, reason: string): AircrateError {
  return new AircrateError("unreachable", `${from.host} redirects in a way that is not followed`, { where, reason });
}
