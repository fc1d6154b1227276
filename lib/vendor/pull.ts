import { createHash } from "node:crypto";
import type { LockedBlob } from "../../spec/lock.ts";
import { AircrateError } from "../error.ts";
import { networkError } from "../http/errors.ts";
import { passedOver, type ResolveContext } from "../image/outline.ts";
import { formatReference, type Reference } from "../reference.ts";
import type { RegistrySource } from "../registry/client.ts";
import { digestError, MAX_DOCUMENT, sizeError } from "../registry/resolve.ts";
import { trySources } from "../registry/sources.ts";
import { createBlobWriter, hasBlob, readBlob, type Store } from "../store/layout.ts";

/** A blob of a locked image, and how a registry is asked for it. */
export interface WantedBlob {
  readonly blob: LockedBlob;
  readonly kind: "manifests" | "blobs";
  /** For messages: `manifest`, `layer` … */
  readonly what: string;
  readonly reference: Reference;
}

/**
 * Gets a blob into the store as the registry has it, whatever it is: what is vendored keeps its digest.
 *
 * @returns whether it had to be pulled
 * @throws AircrateError unreachable, forbidden; integrity when its size or digest is not that of the lock
 */
export async function pullBlob({ store, client, onEvent }: ResolveContext, wanted: WantedBlob): Promise<boolean> {
  const small = wanted.blob.size <= MAX_DOCUMENT;
  // A small one is read, so that a damaged one is pulled again; a large one is found out when it is written.
  if (small ? (await readBlob(store, wanted.blob)) !== undefined : await hasBlob(store, wanted.blob)) return false;
  const { reference } = wanted;
  const sources = client.sources(reference);
  const pull = (source: RegistrySource) => pullFrom(source, store, wanted);
  await trySources(sources, pull, passedOver(onEvent, formatReference(reference)));
  return true;
}

async function pullFrom(
  source: RegistrySource,
  store: Store,
  { blob, kind, what, reference }: WantedBlob,
): Promise<void> {
  const where = formatReference(reference);
  const { body, url } = await source.get(`${kind}/${blob.digest}`, { where, accept: blob.mediaType });
  const out = await createBlobWriter(store);
  try {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > blob.size) break;
      hash.update(chunk);
      await out.write(chunk);
    }
    if (size !== blob.size) throw sizeError(where, what, blob, size);
    const digest = `sha256:${hash.digest("hex")}`;
    if (digest !== blob.digest) throw digestError(where, what, blob.digest, digest);
    await out.commit(digest);
  } catch (error) {
    await out.abort();
    throw error instanceof AircrateError ? error : networkError(error, where, url);
  }
}
