import type { IncomingMessage } from "node:http";

/** One request as the registry got it: what the log keeps and what a fault hook decides by. */
export interface RegistryRequest {
  readonly kind: "ping" | "manifest" | "blob" | "tags" | "upload" | "token" | "other";
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of a manifest, blob, upload or tags request. */
  readonly repository: string | undefined;
  /** Tag or digest of a manifest request, digest of a blob request, name of an upload or nothing to begin one. */
  readonly reference: string | undefined;
  /** The scheme of the Authorization header in lower case, or `none`. The credentials are not kept. */
  readonly authorization: string;
  readonly range: string | undefined;
  readonly contentRange: string | undefined;
  readonly accept: string | undefined;
  /** How many requests there were with this method and path, this one included. */
  readonly attempt: number;
  /** Status of the answer; undefined until its header is sent. */
  status: number | undefined;
  /** Bytes of the answer's body that were handed to the connection so far. */
  sent: number;
  /** Bytes of the request's own body that were taken so far. */
  received: number;
}

const RESOURCE = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/;
const UPLOAD = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/;
const KINDS = { manifests: "manifest", blobs: "blob", tags: "tags" } as const;

/** Takes a request apart and counts it in `attempts`. */
export function describeRequest(message: IncomingMessage, attempts: Map<string, number>): RegistryRequest {
  // Not by URL: a registry sees the path as it was sent, dots and all.
  const [path = "/", query = ""] = (message.url ?? "/").split("?", 2);
  const method = message.method ?? "GET";
  const key = `${method} ${path}`;
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, attempt);
  return {
    ...target(path),
    method,
    path,
    query: new URLSearchParams(query),
    authorization: (message.headers.authorization ?? "none").split(" ", 1)[0]?.toLowerCase() ?? "none",
    range: message.headers.range,
    contentRange: message.headers["content-range"],
    accept: message.headers.accept,
    attempt,
    status: undefined,
    sent: 0,
    received: 0,
  };
}

function target(path: string): Pick<RegistryRequest, "kind" | "repository" | "reference"> {
  const none = { repository: undefined, reference: undefined };
  if (path === "/v2/" || path === "/v2") return { kind: "ping", ...none };
  if (path === "/token") return { kind: "token", ...none };
  const [upload, into, name] = UPLOAD.exec(path) ?? [];
  if (upload !== undefined) return { kind: "upload", repository: into, reference: name };
  const [, repository, collection, reference] = RESOURCE.exec(path) ?? [];
  if (collection === undefined) return { kind: "other", ...none };
  if (collection === "tags" && reference !== "list") return { kind: "other", ...none };
  return { kind: KINDS[collection as keyof typeof KINDS], repository, reference };
}
