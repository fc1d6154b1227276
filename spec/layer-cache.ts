/**
 * A layer in a shared cache: an artifact (image-spec 1.1 manifest.md, "Guidelines for Artifact Usage") whose one layer is
 * the packed blob and whose config is empty, under the tag PACKING-HEX, where HEX is of the diffID.
 */
import { type Static, Type } from "@sinclair/typebox";
import { MEDIA } from "./media-types.ts";
import { Descriptor, Digest } from "./oci.ts";

export const CACHE_ARTIFACT = "application/vnd.aircrate.layer.v1";

export const CACHE_ANNOTATION = {
  diffId: "vnd.aircrate.layer.diff-id",
  /** Name of the rule by which it is packed. */
  packing: "vnd.aircrate.layer.packing",
  /** Bytes of each packed block, with commas between them: where it can be taken apart. */
  blocks: "vnd.aircrate.layer.blocks",
} as const;

export const CachedLayer = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Literal(MEDIA.ociManifest),
  artifactType: Type.Literal(CACHE_ARTIFACT),
  config: Descriptor,
  layers: Type.Tuple([Descriptor]),
  annotations: Type.Object({
    [CACHE_ANNOTATION.diffId]: Digest,
    [CACHE_ANNOTATION.packing]: Type.String(),
    [CACHE_ANNOTATION.blocks]: Type.String({ pattern: "^[1-9][0-9]{0,6}(?:,[1-9][0-9]{0,6})*$" }),
  }),
});
export type CachedLayer = Static<typeof CachedLayer>;

/** `read`: layers are looked up there; `read-write`: what was not there is pushed, too. */
export const CacheMode = Type.Union([Type.Literal("read"), Type.Literal("read-write")]);
export type CacheMode = Static<typeof CacheMode>;
