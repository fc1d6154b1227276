/** The store's own documents, in its folder `aircrate/` beside the image layout that it is. */
import { type Static, Type } from "@sinclair/typebox";
import { Descriptor, Digest, Platform, Size } from "./oci.ts";

/** What is known of a layer blob that was checked once: where its plain tar and its packed bytes meet. */
export const LayerRecord = Type.Object(
  {
    version: Type.Literal(1),
    diffId: Digest,
    /** Bytes of the plain tar. */
    plainSize: Size,
    /** The blob in the store: gzip (RFC 1952), one or more members, nothing behind them. */
    digest: Digest,
    size: Size,
    /** CRC-32 of the blob's bytes, checked each time the blob is copied into an output. */
    crc: Type.Integer({ minimum: 0, maximum: 0xffffffff }),
  },
  { additionalProperties: false },
);
export type LayerRecord = Static<typeof LayerRecord>;

/** How a layer blob goes into a longer deflate stream: found once, by unpacking it. */
export const JointRecord = Type.Object(
  {
    version: Type.Literal(1),
    digest: Digest,
    /** CRC-32 of the plain tar. */
    crc: Type.Integer({ minimum: 0, maximum: 0xffffffff }),
    /** Place in the blob, how many bytes go, and what comes instead (base64). */
    cuts: Type.Array(Type.Tuple([Size, Size, Type.String()])),
  },
  { additionalProperties: false },
);
export type JointRecord = Static<typeof JointRecord>;

/** A file that ADD fetched by its checksum: the blob in the store that it is. */
export const FileRecord = Type.Object(
  { version: Type.Literal(1), digest: Digest, size: Size },
  { additionalProperties: false },
);
export type FileRecord = Static<typeof FileRecord>;

/**
 * The blocks of the layer that was packed last at one place, such as a COPY of a Dockerfile. A block that the next layer
 * has as well is taken from there instead of being packed again.
 */
export const PackedBlocks = Type.Object(
  {
    version: Type.Literal(1),
    /** The blob that holds the blocks, one behind the other, after the gzip header. */
    digest: Digest,
    /** SHA-256 of what the packed bytes depend on (base64), plain size, packed size, CRC-32 of the packed bytes. */
    blocks: Type.Array(Type.Tuple([Type.String(), Size, Size, Type.Integer({ minimum: 0, maximum: 0xffffffff })])),
  },
  { additionalProperties: false },
);
export type PackedBlocks = Static<typeof PackedBlocks>;

/**
 * The names in a layer, without contents, so that later layers can be put on top of it: folders, symbolic links, other
 * files, whiteouts. Names are joined by NUL, the one byte that no path can hold; it keeps the document quick to read.
 */
export const LayerTree = Type.Object(
  {
    version: Type.Literal(1),
    /** Path, mode (octal), uid, gid of each folder. */
    directories: Type.Array(Type.Tuple([Type.String(), Type.String(), Type.Integer(), Type.Integer()])),
    /** Path and target of each symbolic link. */
    symlinks: Type.Array(Type.Tuple([Type.String(), Type.String()])),
    /** Paths of all other files. */
    files: Type.String(),
    /** Paths that the layer hides in those below it. */
    whiteouts: Type.Array(Type.String()),
    /** Folders whose content in the layers below is hidden. */
    opaque: Type.Array(Type.String()),
    /** Text of etc/passwd and etc/group, where the layer has them: names of owners are looked up there. */
    accounts: Type.Object({ passwd: Type.Optional(Type.String()), group: Type.Optional(Type.String()) }),
  },
  { additionalProperties: false },
);
export type LayerTree = Static<typeof LayerTree>;

/** What a reference stood for when it was last asked for, per platform: what `--offline` goes by. */
export const ReferenceRecord = Type.Object(
  {
    version: Type.Literal(1),
    /** In full: `docker.io/library/python:3.11-slim`. */
    reference: Type.String(),
    /** The platform asked for, as `linux/arm64`. */
    platform: Type.String(),
    /** The index that the reference names, when it names one. */
    index: Type.Optional(Descriptor),
    manifest: Descriptor,
    /** The platform of the manifest that was chosen. */
    found: Platform,
    /** The tag was given on this machine: it comes before every registry, and pruning keeps it. */
    local: Type.Optional(Type.Literal(true)),
  },
  { additionalProperties: false },
);
export type ReferenceRecord = Static<typeof ReferenceRecord>;

/** A build that is running, so that pruning leaves it what it needs. Its file is touched while the build lives. */
export const Lease = Type.Object(
  {
    version: Type.Literal(1),
    /** When the build began, milliseconds since 1970. */
    started: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type Lease = Static<typeof Lease>;
