import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Descriptor } from "../../spec/oci.ts";
import type { Document } from "../archive/manifest.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import { createRelief } from "../workers/memory.ts";

/** An image that is ready to be pushed: all its blobs are in a store. */
export interface PushImage {
  /** In full, as the source has it. */
  readonly name?: string;
  readonly platform: string;
  readonly manifest: Document;
  readonly manifestOrigin: "original" | "made";
  /** Each once. */
  readonly blobs: readonly PushBlob[];
}

export interface PushBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly kind: "config" | "layer";
}

/** The config, then the layers; one that occurs twice is there once. */
export function blobsOf(config: Descriptor, layers: readonly Descriptor[]): PushBlob[] {
  const blobs = new Map<Digest, PushBlob>();
  const add = (kind: PushBlob["kind"], { digest, size }: Descriptor) => {
    if (!blobs.has(digest)) blobs.set(digest, { digest, size, kind });
  };
  add("config", config);
  for (const layer of layers) add("layer", layer);
  return [...blobs.values()];
}

const CHUNK = 256 * 1024;
const AGAIN = "build or pull the image again, then push it";

/** Reads a blob from a position. @throws AircrateError unreachable: it vanished; integrity: it is not as long as it was */
export async function* readBlobFrom(store: Store, blob: PushBlob, from: number): AsyncGenerator<Uint8Array> {
  const relieve = createRelief();
  let position = from;
  try {
    for await (const chunk of createReadStream(blobFile(store, blob.digest), { start: from, highWaterMark: CHUNK })) {
      position += chunk.length;
      if (position > blob.size) break;
      yield chunk;
      relieve(chunk.length);
    }
  } catch (error) {
    throw new AircrateError("unreachable", "a blob cannot be read from the store", {
      where: blob.digest,
      reason: (error as Error).message,
      hint: AGAIN,
      cause: error,
    });
  }
  if (position !== blob.size) throw await damagedBlob(store, blob.digest, AGAIN);
}

/** The error of a registry that got other bytes than the digest promises, if it is the store that has them. */
export async function damageOf(store: Store, blob: PushBlob): Promise<AircrateError | undefined> {
  const hash = createHash("sha256");
  for await (const chunk of readBlobFrom(store, blob, 0)) hash.update(chunk);
  return `sha256:${hash.digest("hex")}` === blob.digest ? undefined : damagedBlob(store, blob.digest, AGAIN);
}
