/** What `aircrate build --json` prints: scripts go by it. */
import { type Static, Type } from "@sinclair/typebox";
import { CacheMode } from "./layer-cache.ts";
import { SignatureKind } from "./mender.ts";
import { Digest, Size } from "./oci.ts";

/** Where a layer comes from: `pulled` for this build, `packed` by it, from the shared `cache`, or found in the `store`. */
export const ReportSource = Type.Union([
  Type.Literal("pulled"),
  Type.Literal("packed"),
  Type.Literal("cache"),
  Type.Literal("store"),
]);
export type ReportSource = Static<typeof ReportSource>;

export const ReportLayer = Type.Object({
  diffId: Digest,
  digest: Digest,
  /** Bytes as stored, gzip'd. */
  size: Size,
  /** Bytes of the plain tar. */
  plainSize: Size,
  /** The instruction that made it, or the reference that it came with. */
  origin: Type.String(),
  /** Whether another image of the output has it too. */
  shared: Type.Boolean(),
  source: ReportSource,
  /** In a report of a thin file: whether the file has it, and why. */
  thin: Type.Optional(Type.Object({ inFile: Type.Boolean(), why: Type.String() })),
});
export type ReportLayer = Static<typeof ReportLayer>;

export const ReportImage = Type.Object({
  service: Type.Optional(Type.String()),
  tags: Type.Array(Type.String()),
  /** Image ID for engines with graph drivers. */
  configDigest: Digest,
  /** Image ID for engines with the containerd store. */
  manifestDigest: Digest,
  layers: Type.Array(ReportLayer),
  /** Stored bytes of the layers that only this image has. */
  ownSize: Size,
  /** Stored bytes of the layers that others have too. */
  sharedSize: Size,
  /** Of its own layers, stored bytes of those that the file has; fewer than `ownSize` in a thin one. */
  addedSize: Size,
});
export type ReportImage = Static<typeof ReportImage>;

/** What the shared cache of layers was good for. */
export const ReportCache = Type.Object({
  /** `HOST/REPOSITORY`. */
  repository: Type.String(),
  mode: CacheMode,
  /** Layers that were looked for there: those that the store has not, and that are not small. */
  asked: Type.Integer(),
  /** Layers that were taken from there. */
  taken: Type.Integer(),
  /** Layers that were pushed there. */
  pushed: Type.Integer(),
  /** Bytes of these. */
  pushedSize: Size,
});
export type ReportCache = Static<typeof ReportCache>;
/** What came from one source, of all layers, each once. */
export const SourceTotal = Type.Object({ source: ReportSource, count: Size, size: Size });
export type SourceTotal = Static<typeof SourceTotal>;

/** An image that was used by a tag that was given on this machine. */
export const LocalImage = Type.Object({
  /** In full. */
  reference: Type.String(),
  manifest: Digest,
});
export type LocalImage = Static<typeof LocalImage>;

export const BuildReport = Type.Object({
  version: Type.Literal(1),
  file: Type.String(),
  format: Type.Union([Type.Literal("auterionos"), Type.Literal("docker-archive"), Type.Literal("oci")]),
  /** Bytes of the file. */
  size: Size,
  platform: Type.String(),
  /** Of a thin file: the full one that it stands for, and what the device must have. */
  thin: Type.Optional(
    Type.Object({
      fullSize: Size,
      fullSha256: Type.String(),
      /** Stored bytes of the layers that it leaves out. */
      leftOutSize: Size,
      /** Versions of the application, one of which the device must have; none: it needs none. */
      since: Type.Array(Type.String()),
    }),
  ),
  app: Type.Optional(
    Type.Object({
      slug: Type.String(),
      version: Type.String(),
      deviceTypes: Type.Array(Type.String()),
      launchOrder: Type.Array(Type.Array(Type.String())),
    }),
  ),
  images: Type.Array(ReportImage),
  /** What no lock can pin, and other machines do not have. */
  localImages: Type.Array(LocalImage),
  /** Absent without a shared cache, and with `--offline`. */
  cache: Type.Optional(ReportCache),
  /** The layers that several images have, each once: how many, their stored bytes, and those of them in the file. */
  shared: Type.Object({ count: Size, size: Size, addedSize: Size }),
  sources: Type.Array(SourceTotal),
  /** Stored bytes of all layers, each once. */
  layersSize: Size,
  /** The same if no image shared a layer with another one. */
  apartSize: Size,
  payload: Type.Array(Type.Object({ name: Type.String(), size: Size, sha256: Type.String() })),
  /** Absent when the artifact is not signed. */
  signature: Type.Optional(SignatureKind),
  /** When the stages of the build began and ended, in milliseconds since its start; they overlap. */
  stages: Type.Array(Type.Object({ name: Type.String(), start: Type.Number(), end: Type.Number() })),
  warnings: Type.Array(Type.String()),
});
export type BuildReport = Static<typeof BuildReport>;
