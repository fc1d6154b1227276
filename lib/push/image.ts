import { createHash } from "node:crypto";
import type { Descriptor } from "../../spec/oci.ts";
import type { Document } from "../archive/manifest.ts";
import type { Digest } from "../digest.ts";
import type { AircrateError } from "../error.ts";
import { damagedBlob, hasBlob, type Store } from "../store/layout.ts";
import { readBlobFrom } from "../store/read.ts";

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

const AGAIN = "build or pull the image again, then push it";

/** Reads a blob from a position. @throws AircrateError as {@link readBlobFrom} */
export function readPushed(store: Store, blob: PushBlob, from: number): AsyncIterable<Uint8Array> {
  return readBlobFrom(store, blob, { from, again: AGAIN });
}

/** The error of the store, if it is that which has other bytes than the digest promises, and not the way to a registry. */
export async function damageOf(store: Store, blob: PushBlob): Promise<AircrateError | undefined> {
  // One that was found too short has been set aside.
  if (!(await hasBlob(store, blob))) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of readPushed(store, blob, 0)) hash.update(chunk);
  return `sha256:${hash.digest("hex")}` === blob.digest ? undefined : damagedBlob(store, blob.digest, AGAIN);
}
