import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { Answer } from "../http/answer.ts";
import { readLocation } from "../http/redirect.ts";

/** An upload as the registry last told of it. */
export interface Upload {
  readonly location: URL;
  /** Bytes that the registry has. */
  readonly offset: number;
  /** Bytes that any part but the last has to have, when it is sent in parts. */
  readonly minimum: number;
}

/** An upload that a registry has begun, by its answer. @throws AircrateError unreachable: it does not say where to */
export function begunUpload(answer: Answer, where: string): Upload {
  const location = locationOf(answer, where);
  if (location === undefined) throw placeError(answer, where, "it names none");
  const minimum = answer.headers["oci-chunk-min-length"];
  return {
    location,
    offset: 0,
    minimum: typeof minimum === "string" && /^\d{1,12}$/.test(minimum) ? Number(minimum) : 0,
  };
}

/** Bytes that arrived (`Range`, distribution-spec, "Pushing a blob in chunks"); undefined when it does not tell. */
export function arrivedAt({ headers }: Answer): number | undefined {
  const last = /^(?:bytes[= ])?0-(\d{1,15})$/.exec(String(headers.range))?.[1];
  // With 0-0, registries mean nothing, though it would be one byte.
  return last === undefined ? undefined : last === "0" ? 0 : Number(last) + 1;
}

/** Where the upload goes on; undefined when the answer does not tell. @throws AircrateError unreachable: nowhere safe */
export function locationOf(answer: Answer, where: string): URL | undefined {
  const { location } = answer.headers;
  if (location === undefined) return undefined;
  const url = readLocation(String(location), answer.url);
  if (typeof url === "string") throw placeError(answer, where, `it ${url}`);
  return url;
}

function placeError({ url }: Answer, where: string, reason: string): AircrateError {
  return new AircrateError("unreachable", `${url.host} names no place for the upload that can be used`, {
    where,
    reason,
    hint: "a registry behind a proxy has to be told how that is reached, by X-Forwarded-Proto and Host",
  });
}

/** Where an upload is finished. The query may be signed, so nothing else of it changes. */
export function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search += `${url.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
  return url;
}
