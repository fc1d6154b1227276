import { createHash } from "node:crypto";
import type { Digest } from "../spec/oci.ts";

export type { Digest };

/** Digest of bytes that are in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Path of a blob in an image layout (image-spec image-layout.md), with `/`. */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hex(digest)}`;
}

/** Content of the file `oci-layout` that makes a folder or tar file an image layout. */
export const LAYOUT_MARKER = '{"imageLayoutVersion":"1.0.0"}';

/** The 64 hex digits of a digest, as in file names. */
export function hex(digest: Digest): string {
  return digest.slice("sha256:".length);
}
