/** What `aircrate lock --json` and `aircrate vendor --json` print: scripts go by it. */
import { type Static, Type } from "@sinclair/typebox";
import { Digest, Size } from "./oci.ts";

/** Number of blobs and their bytes together. */
export const BlobTotal = Type.Object({ count: Type.Integer({ minimum: 0 }), size: Size });
export type BlobTotal = Static<typeof BlobTotal>;

/** What became of one reference on one platform. */
export const LockChange = Type.Object({
  reference: Type.String(),
  platform: Type.String(),
  change: Type.Union([Type.Literal("kept"), Type.Literal("added"), Type.Literal("moved"), Type.Literal("dropped")]),
  /** Digest of the manifest before; absent for one that was added. */
  from: Type.Optional(Digest),
  /** Digest of the manifest now; absent for one that was dropped. */
  to: Type.Optional(Digest),
  /** Its layers against those before: in both, now alone, before alone. */
  layers: Type.Object({ kept: BlobTotal, new: BlobTotal, gone: BlobTotal }),
  /** Bytes of layers that the store lacks. */
  download: Size,
});
export type LockChange = Static<typeof LockChange>;

/** What became of one remote file. */
export const FileChange = Type.Object({
  digest: Digest,
  /** Its address without the query, which may hold a signature. */
  url: Type.String(),
  change: Type.Union([Type.Literal("kept"), Type.Literal("added"), Type.Literal("dropped")]),
  size: Size,
});
export type FileChange = Static<typeof FileChange>;

export const LockReport = Type.Object({
  version: Type.Literal(1),
  file: Type.String(),
  /** Whether the file was written anew. */
  written: Type.Boolean(),
  platforms: Type.Array(Type.String()),
  images: Type.Array(LockChange),
  files: Type.Array(FileChange),
  /** Bytes of all layers that are locked, each once. */
  layersSize: Size,
  /** Bytes of those that the store lacks, each once. */
  download: Size,
  warnings: Type.Array(Type.String()),
});
export type LockReport = Static<typeof LockReport>;

export const VendorReport = Type.Object({
  version: Type.Literal(1),
  file: Type.String(),
  format: Type.Union([Type.Literal("tar"), Type.Literal("dir")]),
  /** Bytes of the tar file, or of all files in the folder. */
  size: Size,
  images: Type.Array(Type.Object({ reference: Type.String(), platforms: Type.Array(Type.String()) })),
  /** Remote files, by their address without the query. */
  files: Type.Array(Type.Object({ digest: Digest, url: Type.String(), size: Size })),
  blobs: BlobTotal,
  /** Those that the store lacked. */
  pulled: BlobTotal,
  warnings: Type.Array(Type.String()),
});
export type VendorReport = Static<typeof VendorReport>;
