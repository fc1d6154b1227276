import type { IncomingMessage } from "node:http";
import { digestOf } from "../image-content.ts";
import { type Answer, errorAnswer, type Fault } from "./answer.ts";
import { type RegistryContent, repositoryOf } from "./content.ts";
import type { RegistryRequest } from "./request.ts";

/** How pushes are taken. */
export interface UploadOptions {
  /** Does not know an upload any more whose connection was cut, as distribution 2.8. */
  readonly forgetful?: boolean;
  /** Mounts nothing: begins uploads instead. */
  readonly mountless?: boolean;
  /** Bytes of the largest request, as of a proxy before the registry. */
  readonly limit?: number;
  /** Told as `OCI-Chunk-Min-Length`. */
  readonly minimum?: number;
}

/** The push side of a registry. */
export interface Uploads {
  /** @returns undefined when the connection is to break instead of an answer */
  answer(message: IncomingMessage, request: RegistryRequest, fault: Fault): Promise<Answer | undefined>;
}

export function createUploads(content: RegistryContent, options: UploadOptions): Uploads {
  const uploads = new Map<string, Buffer>();
  let begun = 0;

  return {
    async answer(message, request, { takeOnly }) {
      if (Number(message.headers["content-length"]) > (options.limit ?? Number.POSITIVE_INFINITY)) {
        message.resume();
        return { status: 413, body: "<html>413 Request Entity Too Large</html>" };
      }
      if (request.kind === "manifest") return putManifest(request, await take(message, request));
      if (request.reference === "") return begin(request);
      return goOn(message, request, takeOnly);
    },
  };

  function begin({ repository = "", query, path }: RegistryRequest): Answer {
    const [digest, from] = [query.get("mount"), query.get("from")];
    const mounted = digest === null ? undefined : content.get(from ?? "")?.blobs.get(digest);
    if (digest !== null && mounted !== undefined && options.mountless !== true) {
      repositoryOf(content, repository).blobs.set(digest, mounted);
      return {
        status: 201,
        headers: { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest },
      };
    }
    begun += 1;
    uploads.set(String(begun), Buffer.alloc(0));
    return told(202, `${path}${begun}`, 0);
  }

  async function goOn(message: IncomingMessage, request: RegistryRequest, takeOnly?: number) {
    const { reference = "", repository = "", method, path, query, contentRange } = request;
    const before = uploads.get(reference);
    if (before === undefined) return errorAnswer(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    if (method === "GET") return told(204, path, before.length);
    if (contentRange !== undefined && Number(contentRange.split("-")[0]) !== before.length) {
      message.resume();
      return { ...told(416, path, before.length), body: "" };
    }
    const bytes = Buffer.concat([before, await take(message, request, takeOnly)]);
    uploads.set(reference, bytes);
    if (takeOnly !== undefined) {
      if (options.forgetful === true) uploads.delete(reference);
      return undefined;
    }
    if (method === "PATCH") return told(202, path, bytes.length);
    const digest = query.get("digest") ?? "";
    uploads.delete(reference);
    if (digestOf(bytes) !== digest) return errorAnswer(400, "DIGEST_INVALID", "provided digest did not match");
    repositoryOf(content, repository).blobs.set(digest, bytes);
    return { status: 201, headers: { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest } };
  }

  function told(status: number, path: string, size: number): Answer {
    const minimum = options.minimum !== undefined && { "oci-chunk-min-length": String(options.minimum) };
    return { status, headers: { location: path, range: `0-${Math.max(0, size - 1)}`, ...minimum } };
  }

  function putManifest({ repository = "", reference = "" }: RegistryRequest, bytes: Buffer): Answer {
    const { mediaType, config, layers } = JSON.parse(bytes.toString());
    const { blobs, manifests, tags } = repositoryOf(content, repository);
    const missing = [config, ...layers].find(({ digest }) => !blobs.has(digest));
    if (missing !== undefined) return errorAnswer(400, "MANIFEST_BLOB_UNKNOWN", `blob unknown: ${missing.digest}`);
    const digest = digestOf(bytes);
    manifests.set(digest, { mediaType, bytes });
    if (!reference.includes(":")) tags.set(reference, digest);
    return { status: 201, headers: { "docker-content-digest": digest } };
  }
}

/** The body of a request, or its first bytes. */
async function take(message: IncomingMessage, request: RegistryRequest, most = Number.POSITIVE_INFINITY) {
  const chunks: Buffer[] = [];
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk.subarray(0, most - request.received);
    chunks.push(bytes);
    request.received += bytes.length;
    if (request.received === most) break;
  }
  return Buffer.concat(chunks);
}
