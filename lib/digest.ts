import { createHash } from "node:crypto";
import type { Digest } from "../spec/oci.ts";

export type { Digest };

/** Digest of bytes that are in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The 64 hex digits of a digest, as in file names. */
export function hex(digest: Digest): string {
  return digest.slice("sha256:".length);
}
