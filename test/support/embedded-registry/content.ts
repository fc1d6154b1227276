import type { IncomingHttpHeaders } from "node:http";
import { type BlobSource, digestOf, type ManifestContent, sizeOf, TYPES } from "../image-content.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import type { RegistryRequest } from "./request.ts";

interface Repository {
  readonly manifests: Map<string, ManifestContent>;
  readonly tags: Map<string, string>;
  readonly blobs: Map<string, BlobSource>;
}

/** What a registry holds. As in a real one, a blob is visible only in the repositories it was put into. */
export type RegistryContent = Map<string, Repository>;

/** The repository of that name, made when it is new. */
export function repositoryOf(content: RegistryContent, name: string): Repository {
  const known = content.get(name);
  if (known !== undefined) return known;
  const fresh: Repository = { manifests: new Map(), tags: new Map(), blobs: new Map() };
  content.set(name, fresh);
  return fresh;
}

/** The answer to a request that needs no credentials any more. */
export function contentAnswer(
  content: RegistryContent,
  request: RegistryRequest,
  headers: IncomingHttpHeaders,
): Answer {
  if (request.method !== "GET" && request.method !== "HEAD")
    return errorAnswer(405, "UNSUPPORTED", "the operation is unsupported");
  const repository = content.get(request.repository ?? "");
  switch (request.kind) {
    case "ping":
      return { status: 200, headers: { "content-type": "application/json" }, body: "{}" };
    case "manifest":
      return manifestAnswer(repository, request.reference ?? "", headers);
    case "blob":
      return blobAnswer(repository, request.reference ?? "", headers);
    case "tags":
      return tagsAnswer(repository, request.repository ?? "");
    default:
      return errorAnswer(404, "NAME_INVALID", `no such route: ${request.path}`);
  }
}

function manifestAnswer(repository: Repository | undefined, reference: string, headers: IncomingHttpHeaders): Answer {
  const byTag = !reference.includes(":");
  const digest = byTag ? repository?.tags.get(reference) : reference;
  const manifest = repository?.manifests.get(digest ?? "");
  if (repository === undefined || manifest === undefined) {
    return errorAnswer(404, "MANIFEST_UNKNOWN", `manifest unknown: ${reference}`);
  }
  const accepted = mediaTypes(headers.accept);
  const served = byTag ? asAccepted(repository, manifest, accepted) : manifest;
  if (served === undefined || (isOci(served.mediaType) && !accepted.has(served.mediaType))) {
    return errorAnswer(404, "MANIFEST_UNKNOWN", `${manifest.mediaType} found, but the accept header does not name it`);
  }
  const own = digestOf(served.bytes);
  if (headers["if-none-match"] === `"${own}"`) return { status: 304, headers: { etag: `"${own}"` } };
  return {
    status: 200,
    headers: { "content-type": served.mediaType, "docker-content-digest": own, etag: `"${own}"` },
    body: served.bytes,
  };
}

/**
 * What distribution 2.8 does for clients of old: a manifest list that is asked for by tag without being accepted
 * becomes the manifest of linux/amd64 in it. (It would turn a schema 2 manifest into one of schema 1; here that is
 * unknown.) By digest nothing is replaced, since the answer would not have that digest.
 */
function asAccepted(repository: Repository, manifest: ManifestContent, accepted: ReadonlySet<string>) {
  const { index, manifest: single } = TYPES.docker;
  if (manifest.mediaType === index && !accepted.has(index)) {
    const list: { manifests: { digest: string; platform?: { os: string; architecture: string } }[] } = JSON.parse(
      manifest.bytes.toString(),
    );
    const amd64 = list.manifests.find(({ platform }) => platform?.os === "linux" && platform.architecture === "amd64");
    return repository.manifests.get(amd64?.digest ?? "");
  }
  return manifest.mediaType === single && !accepted.has(single) ? undefined : manifest;
}

function isOci(mediaType: string): boolean {
  return mediaType === TYPES.oci.index || mediaType === TYPES.oci.manifest;
}

/** Media types of an Accept header, without parameters. A wildcard is no media type: distribution takes none either. */
function mediaTypes(accept: string | undefined): ReadonlySet<string> {
  return new Set((accept ?? "").split(",").map((part) => (part.split(";", 1)[0] ?? "").trim()));
}

function blobAnswer(repository: Repository | undefined, digest: string, headers: IncomingHttpHeaders): Answer {
  const body = repository?.blobs.get(digest);
  if (body === undefined) return errorAnswer(404, "BLOB_UNKNOWN", `blob unknown to registry: ${digest}`);
  const size = sizeOf(body);
  const etag = `"${digest}"`;
  const common = {
    "accept-ranges": "bytes",
    "cache-control": "max-age=31536000",
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    etag,
  };
  const sameAsBefore = headers["if-range"] === undefined || headers["if-range"] === etag;
  const range = sameAsBefore ? parseRange(headers.range, size) : undefined;
  if (range === undefined) return { status: 200, headers: common, body };
  if (range === "unsatisfiable") {
    return { status: 416, headers: { ...common, "content-range": `bytes */${size}` }, body: "range not satisfiable\n" };
  }
  const { start, end } = range;
  return { status: 206, headers: { ...common, "content-range": `bytes ${start}-${end - 1}/${size}` }, body, range };
}

/** One range of RFC 9110 section 14.1.2; `end` is exclusive. Undefined for none, several, or another unit. */
function parseRange(header: string | undefined, size: number) {
  const [, first = "", last = ""] = /^bytes=([0-9]*)-([0-9]*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start >= size ? ("unsatisfiable" as const) : { start, end };
}

function tagsAnswer(repository: Repository | undefined, name: string): Answer {
  if (repository === undefined) return errorAnswer(404, "NAME_UNKNOWN", `repository name not known: ${name}`);
  const body = JSON.stringify({ name, tags: [...repository.tags.keys()].sort() });
  return { status: 200, headers: { "content-type": "application/json" }, body };
}
