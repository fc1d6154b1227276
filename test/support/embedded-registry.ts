import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, type Fault, replacement, sendAnswer, waitFor } from "./embedded-registry/answer.ts";
import { type Authority, createAuthority, type RegistryAuth } from "./embedded-registry/auth.ts";
import { contentAnswer, type RegistryContent, repositoryOf } from "./embedded-registry/content.ts";
import { describeRequest, type RegistryRequest } from "./embedded-registry/request.ts";
import { createUploads, type UploadOptions } from "./embedded-registry/uploads.ts";
import { type BlobSource, digestOf, type ImageContent, type ManifestContent } from "./image-content.ts";

export type { Answer, Fault } from "./embedded-registry/answer.ts";
export type { BasicAuth, NoAuth, RegistryAuth, TokenAuth } from "./embedded-registry/auth.ts";
export type { RegistryRequest } from "./embedded-registry/request.ts";

/** Asked about every request before anything else, also about those for tokens. What it returns spoils the answer. */
export type FaultHook = (request: RegistryRequest) => Fault | undefined;

export interface EmbeddedRegistryOptions {
  /** Lets whoever may do so push; without it nobody. */
  readonly push?: UploadOptions;
  /** Without it anybody may pull. */
  readonly auth?: RegistryAuth;
  readonly fault?: FaultHook;
  /** The clock for the lifetime of tokens, in milliseconds since 1970. */
  readonly now?: () => number;
}

export interface EmbeddedRegistry {
  /** `127.0.0.1:PORT`, as it stands in a reference or behind `--mirror NAME=`. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Where tokens are given out in token mode. */
  readonly tokenUrl: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly RegistryRequest[];
  /** Forgets the requests so far; attempts are counted from 1 again. */
  clearRequests(): void;
  /** Puts all of an image into a repository and points a tag to its root. Returns the digest of the root. */
  addImage(repository: string, tag: string, image: ImageContent): string;
  /** Puts one manifest, whatever it says, under its digest and, if one is given, a tag. Returns the digest. */
  putManifest(repository: string, manifest: ManifestContent, tag?: string): string;
  /** Puts one blob under its digest. A digest that is given is believed: that makes wrong blobs, and a file needs it. */
  putBlob(repository: string, source: BlobSource, digest?: string): string;
  /** Takes a blob away, as a registry that has lost it. */
  removeBlob(repository: string, digest: string): void;
  /** Replaces the fault hook, from the next request on. */
  setFault(fault: FaultHook | undefined): void;
  /** Breaks every connection, also a stalled one, and frees the ports. */
  close(): Promise<void>;
}

/**
 * Starts a registry inside this process, on a free port of 127.0.0.1, over plain http. It speaks the
 * OCI distribution specification 1.1; where that leaves things open (what becomes of an Accept header, challenges, ETag)
 * it does as distribution 2.8, the reference implementation, does, but for uploads, which it knows also after a connection
 * was cut. Content can be added while it runs.
 */
export async function startEmbeddedRegistry(options: EmbeddedRegistryOptions = {}): Promise<EmbeddedRegistry> {
  const auth = options.auth ?? { mode: "none" };
  const content: RegistryContent = new Map();
  const requests: RegistryRequest[] = [];
  const attempts = new Map<string, number>();
  const uploads = options.push && createUploads(content, options.push);
  let fault = options.fault;
  let authority: Authority;

  const listener: RequestListener = async (message, response) => {
    const request = describeRequest(message, attempts);
    requests.push(request);
    try {
      const spoiled = fault?.(request) ?? {};
      if (spoiled.delayMs !== undefined) await waitFor(response, spoiled.delayMs);
      const answer = replacement(spoiled) ?? (await trueAnswer(message, request, spoiled));
      if (answer === undefined || spoiled.loseAnswer === true) response.destroy();
      else await sendAnswer(response, answer, { request, fault: spoiled });
    } catch (error) {
      breakOff(response, error);
    }
  };

  /** Undefined when the connection is to break before there is one. */
  async function trueAnswer(
    message: IncomingMessage,
    request: RegistryRequest,
    spoiled: Fault,
  ): Promise<Answer | undefined> {
    if (request.kind === "token") return authority.token(message, request);
    const { range, ...others } = message.headers;
    const headers = spoiled.ignoreRange === true ? others : { range, ...others };
    const refusal = authority.refuse(request, headers);
    if (refusal !== undefined) return refusal;
    if (uploads !== undefined && isPush(request)) return uploads.answer(message, request, spoiled);
    return contentAnswer(content, request, headers);
  }

  const server = createServer(listener);
  const tokenServer = auth.mode === "token" && auth.otherPort === true ? createServer(listener) : server;
  const url = await listen(server);
  const tokenUrl = `${tokenServer === server ? url : await listen(tokenServer)}/token`;
  authority = createAuthority(auth, { realm: tokenUrl, now: options.now ?? Date.now });

  const registry: EmbeddedRegistry = {
    host: new URL(url).host,
    url,
    tokenUrl,
    requests,
    clearRequests() {
      requests.length = 0;
      attempts.clear();
    },
    addImage(repository, tag, image) {
      for (const [digest, source] of image.blobs) registry.putBlob(repository, source, digest);
      for (const manifest of image.manifests) registry.putManifest(repository, manifest);
      return registry.putManifest(repository, image.root, tag);
    },
    putManifest(repository, manifest, tag) {
      const { manifests, tags } = repositoryOf(content, repository);
      const digest = digestOf(manifest.bytes);
      manifests.set(digest, manifest);
      if (tag !== undefined) tags.set(tag, digest);
      return digest;
    },
    putBlob(repository, source, digest) {
      if (digest === undefined && !(source instanceof Uint8Array))
        throw new TypeError(`${source.file}: digest missing`);
      const name = digest ?? digestOf(source as Uint8Array);
      repositoryOf(content, repository).blobs.set(name, source);
      return name;
    },
    removeBlob(repository, digest) {
      repositoryOf(content, repository).blobs.delete(digest);
    },
    setFault(next) {
      fault = next;
    },
    async close() {
      await Promise.all([...new Set([server, tokenServer])].map(stop));
    },
  };
  return registry;
}

function isPush({ kind, method }: RegistryRequest): boolean {
  return kind === "upload" || (kind === "manifest" && method === "PUT");
}

/** A fault in a hook or in a file of content: whoever waits for the answer gets to see it. */
function breakOff(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { "content-type": "text/plain" }).end(`embedded registry: ${error}\n`);
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
