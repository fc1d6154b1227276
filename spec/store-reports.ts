/** What the commands of `aircrate store` print with `--json`: scripts go by it. Sizes are bytes. */
import { type Static, Type } from "@sinclair/typebox";
import { Finding } from "./inspection.ts";
import { Digest, Size } from "./oci.ts";

const Count = Type.Integer({ minimum: 0 });

/** How many files, and how large they are together. */
export const Amount = Type.Object({ count: Count, size: Size }, { additionalProperties: false });
export type Amount = Static<typeof Amount>;

export const StoredReference = Type.Object(
  {
    reference: Type.String(),
    /** The platform asked for, as `linux/arm64`. */
    platform: Type.String(),
    /** Whether the tag was given on this machine. */
    local: Type.Boolean(),
    manifest: Digest,
    /** Image ID for engines with graph drivers; nothing when the manifest cannot be read. */
    config: Type.Optional(Digest),
    /** Its manifest, index, config and layers, as far as they are in the store. */
    size: Size,
    layers: Count,
    /** Whether all of it is there, so that it can be used offline. */
    complete: Type.Boolean(),
    /** Last use, RFC 3339, known to the hour. */
    used: Type.String(),
  },
  { additionalProperties: false },
);
export type StoredReference = Static<typeof StoredReference>;

/** `store ls`. */
export const StoreListing = Type.Object(
  {
    version: Type.Literal(1),
    /** Absolute path. */
    store: Type.String(),
    /** By reference, then by platform. */
    references: Type.Array(StoredReference),
    blobs: Amount,
    /** Layers as registries packed them. */
    pulled: Amount,
    /** Layers that were packed here. */
    packed: Amount,
    /** Files that were fetched by their checksums. */
    files: Amount,
    /** Downloads that a later build goes on with. */
    partial: Amount,
    /** What running builds write, or stopped ones left. */
    temporary: Amount,
    /** Damaged blobs that were set aside. */
    quarantine: Amount,
  },
  { additionalProperties: false },
);
export type StoreListing = Static<typeof StoreListing>;

/** `store verify`. */
export const StoreVerification = Type.Object(
  {
    version: Type.Literal(1),
    store: Type.String(),
    checked: Type.Object(
      { blobs: Amount, layers: Count, references: Count },
      { additionalProperties: false, description: "what was looked at" },
    ),
    /** Records of blobs that are not in the store any more: they say nothing, and nobody goes by them. */
    void: Count,
    /** What was wrong; empty when all is right. */
    problems: Type.Array(Finding),
  },
  { additionalProperties: false },
);
export type StoreVerification = Static<typeof StoreVerification>;

export const PruneStep = Type.Object(
  {
    name: Type.Union(
      ["leases", "temporary", "partial", "quarantine", "references", "blobs", "records", "trees"].map((name) =>
        Type.Literal(name),
      ),
    ),
    removed: Amount,
    /** What would have gone, but a build that is running may need it. */
    inUse: Count,
  },
  { additionalProperties: false },
);
export type PruneStep = Static<typeof PruneStep>;

/** `store prune`. */
export const PruneReport = Type.Object(
  {
    version: Type.Literal(1),
    store: Type.String(),
    /** Whether nothing was really removed. */
    dryRun: Type.Boolean(),
    steps: Type.Array(PruneStep),
    /** References that went, each with its platform. */
    dropped: Type.Array(
      Type.Object({ reference: Type.String(), platform: Type.String() }, { additionalProperties: false }),
    ),
    removed: Amount,
    /** Blobs that stay. */
    kept: Amount,
  },
  { additionalProperties: false },
);
export type PruneReport = Static<typeof PruneReport>;

export const ImportedLayer = Type.Object(
  {
    diffId: Digest,
    digest: Digest,
    /** Bytes as they are stored, gzip'd. */
    size: Size,
    /** Whether the store had it before. */
    known: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type ImportedLayer = Static<typeof ImportedLayer>;

export const ImportedImage = Type.Object(
  {
    references: Type.Array(Type.String()),
    platform: Type.String(),
    manifest: Digest,
    config: Digest,
    /** `original` when the file had this manifest, `made` when it was written for plain layers that were packed here. */
    manifestOrigin: Type.Union([Type.Literal("original"), Type.Literal("made")]),
    layers: Type.Array(ImportedLayer),
  },
  { additionalProperties: false },
);
export type ImportedImage = Static<typeof ImportedImage>;

/** A file that is fetched by its checksum, in a layout of `aircrate vendor`. */
export const ImportedRemoteFile = Type.Object(
  {
    digest: Digest,
    size: Size,
    /** Whether the store had it before. */
    known: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type ImportedRemoteFile = Static<typeof ImportedRemoteFile>;

/** `store import`. */
export const ImportReport = Type.Object(
  {
    version: Type.Literal(1),
    store: Type.String(),
    files: Type.Array(
      Type.Object(
        {
          /** As the user gave it. */
          file: Type.String(),
          kind: Type.Union([Type.Literal("archive"), Type.Literal("artifact"), Type.Literal("folder")]),
          images: Type.Array(ImportedImage),
          remoteFiles: Type.Array(ImportedRemoteFile),
        },
        { additionalProperties: false },
      ),
    ),
    /** Layers that the store did not have. */
    added: Amount,
  },
  { additionalProperties: false },
);
export type ImportReport = Static<typeof ImportReport>;
export type ImportedFile = ImportReport["files"][number];
