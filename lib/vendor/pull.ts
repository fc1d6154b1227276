import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { LockedBlob } from "../../spec/lock.ts";
import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { fetchChecked } from "../fetch/checked.ts";
import { passedOver, type ResolveContext } from "../image/outline.ts";
import { formatReference, type Reference } from "../reference.ts";
import type { RegistrySource } from "../registry/client.ts";
import { digestError, sizeError } from "../registry/resolve.ts";
import { hasBlob, placeBlob, readBlob, type Store } from "../store/layout.ts";

/** A blob of a locked image, and how a registry is asked for it. */
export interface WantedBlob {
  readonly blob: LockedBlob;
  readonly kind: "manifests" | "blobs";
  /** For messages: `manifest`, `layer` … */
  readonly what: string;
  readonly reference: Reference;
}

/** A small blob is read, so that a damaged one is pulled again; a large one is found out when it is written. */
export async function isStored(store: Store, blob: LockedBlob): Promise<boolean> {
  return blob.size <= MAX_DOCUMENT ? (await readBlob(store, blob)) !== undefined : hasBlob(store, blob);
}

/**
 * Gets a blob into the store as the registry has it, whatever it is: what is vendored keeps its digest.
 *
 * @throws AircrateError unreachable, forbidden; integrity when its size or digest is not that of the lock
 */
export async function pullBlob({ store, client, onEvent }: ResolveContext, wanted: WantedBlob): Promise<void> {
  const { blob, what, reference } = wanted;
  const where = formatReference(reference);
  const { digest: layer, size } = blob;
  await fetchChecked(store, blob, {
    where,
    sources: client.sources(reference).map((source) => asBlob(source, wanted)),
    onPassedOver: passedOver(onEvent, where),
    onStart: (from) => onEvent({ kind: "pull-start", reference: where, layer, size, from }),
    onBytes: (count) => onEvent({ kind: "pull-bytes", layer, size: count }),
    check: digestFile,
    async keep(file, { digest, size }) {
      if (size !== blob.size) throw sizeError(where, what, blob, size);
      if (digest !== blob.digest) throw digestError(where, what, blob.digest, digest);
      await placeBlob(store, file, digest);
    },
  });
  onEvent({ kind: "pull-end", reference: where, layer, size, stored: layer });
}

/** Manifests have an address of their own, and registries give them in the type that is asked for. */
function asBlob(source: RegistrySource, { blob, kind }: WantedBlob): RegistrySource {
  if (kind === "blobs") return source;
  return {
    ...source,
    get: (_path, options) => source.get(`manifests/${blob.digest}`, { ...options, accept: blob.mediaType }),
  };
}

async function digestFile(file: string): Promise<{ digest: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), async (chunks) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  });
  return { digest: `sha256:${hash.digest("hex")}`, size };
}
