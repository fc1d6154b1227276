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

/** The address that an answer points to, if it is a redirect. @throws AircrateError unreachable when it is not followed */
export function redirectTarget(
  { statusCode, headers }: { statusCode: number; headers: Readonly<Record<string, string | string[] | undefined>> },
  { from, hops, where, form }: { from: URL; hops: number; where: string; form: boolean },
): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined;
  if (hops === MAX_REDIRECTS) throw redirectError(where, from, `more than ${MAX_REDIRECTS} redirects`);
  const next = readLocation(String(headers.location), from, where);
  if (form && next.origin !== from.origin) throw redirectError(where, from, `a form is not sent on to ${next.origin}`);
  return next;
}

function readLocation(location: string, from: URL, where: string): URL {
  let next: URL;
  try {
    next = new URL(location, from);
  } catch {
    throw redirectError(where, from, "the redirect leads to no valid address");
  }
  if (next.protocol !== "https:" && !(next.protocol === "http:" && from.protocol === "http:")) {
    throw redirectError(where, from, `the redirect leads from ${from.protocol} to ${next.protocol}`);
  }
  if (next.username !== "" || next.password !== "") {
    throw redirectError(where, from, "the redirect carries credentials in its address");
  }
  return next;
}

function redirectError(where: string, from: URL, reason: string): AircrateError {
  return new AircrateError("unreachable", `${from.host} redirects in a way that is not followed`, { where, reason });
}
