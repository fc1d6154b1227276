/**
 * The documents of the OCI image specification 1.1 (descriptor.md, image-index.md, manifest.md, image-layout.md) and
 * their Docker schema 2 forms, which have the same shape. Unknown keys are allowed, as the specification demands.
 */
import { type Static, Type } from "@sinclair/typebox";

/** `sha256:` and 64 lower-case hex digits. Other algorithms are legal in the specification but not used by registries. */
export const Digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$", description: "sha256 digest" });
export type Digest = Static<typeof Digest>;

/** Size in bytes; JSON numbers above 2^53 are not exact, and no blob is that large. */
export const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "size in bytes" });

/** Bytes of the largest manifest, index or config that is read (distribution-spec asks registries for 4 MiB). */
export const MAX_DOCUMENT = 4 * 1024 * 1024;

export const Annotations = Type.Record(Type.String(), Type.String());

/** What an index entry says about the machine it is for (image-index.md, `platform`). */
export const Platform = Type.Object({
  architecture: Type.String(),
  os: Type.String(),
  variant: Type.Optional(Type.String()),
  "os.version": Type.Optional(Type.String()),
  "os.features": Type.Optional(Type.Array(Type.String())),
});
export type Platform = Static<typeof Platform>;

export const Descriptor = Type.Object({
  mediaType: Type.String(),
  digest: Digest,
  size: Size,
  urls: Type.Optional(Type.Array(Type.String())),
  annotations: Type.Optional(Annotations),
});
export type Descriptor = Static<typeof Descriptor>;

export const IndexEntry = Type.Composite([Descriptor, Type.Object({ platform: Type.Optional(Platform) })]);
export type IndexEntry = Static<typeof IndexEntry>;

/** OCI image index, Docker manifest list, and the `index.json` of a layout. */
export const Index = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  manifests: Type.Array(IndexEntry, { maxItems: 10_000 }),
  annotations: Type.Optional(Annotations),
});
export type Index = Static<typeof Index>;

/** OCI image manifest and Docker image manifest, version 2 schema 2. */
export const Manifest = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  artifactType: Type.Optional(Type.String()),
  config: Descriptor,
  layers: Type.Array(Descriptor, { maxItems: 1_000 }),
  annotations: Type.Optional(Annotations),
});
export type Manifest = Static<typeof Manifest>;

/** `oci-layout`, the marker file of an image layout (image-layout.md). */
export const LayoutMarker = Type.Object({ imageLayoutVersion: Type.Literal("1.0.0") });

/** Annotation keys with a meaning to loaders. */
export const ANNOTATION = {
  /** image-spec annotations.md; podman, skopeo and ctr read the name of an image from it. */
  refName: "org.opencontainers.image.ref.name",
  /** containerd and docker read the full name of an image from it. */
  containerdName: "io.containerd.image.name",
} as const;
