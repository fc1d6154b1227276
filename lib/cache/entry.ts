import { CACHE_ANNOTATION, CACHE_ARTIFACT, CachedLayer } from "../../spec/layer-cache.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { type Digest, digestOf, hex } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { PACKING } from "../gzip/deflate.ts";
import { GZIP_HEADER, GZIP_TRAILER_SIZE } from "../gzip/format.ts";
import type { WantedLayer } from "../layer/offer.ts";
import { decodeAt } from "../registry/resolve.ts";

/** The tag under which a layer lies. What it is packed from, and how, decides on its bytes. */
export function cacheTag(diffId: Digest): string {
  return `${PACKING.name}-${hex(diffId)}`;
}

/** The config of every entry. */
export const EMPTY_CONFIG: Uint8Array = Buffer.from("{}");

export interface CacheEntry {
  readonly blob: { readonly digest: Digest; readonly size: number };
  /** Bytes of each packed block. */
  readonly blockSizes: readonly number[];
}

/** The manifest of a layer: the same bytes whoever pushes it. */
export function composeEntry(diffId: Digest, { blob: { digest, size }, blockSizes }: CacheEntry): Buffer {
  const manifest: CachedLayer = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    artifactType: CACHE_ARTIFACT,
    config: { mediaType: MEDIA.ociEmpty, digest: digestOf(EMPTY_CONFIG), size: EMPTY_CONFIG.length },
    layers: [{ mediaType: MEDIA.ociLayerGzip, digest, size }],
    annotations: {
      [CACHE_ANNOTATION.diffId]: diffId,
      [CACHE_ANNOTATION.packing]: PACKING.name,
      [CACHE_ANNOTATION.blocks]: blockSizes.join(","),
    },
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** Reads the manifest of a layer. @throws AircrateError integrity when it can be none of that layer */
export function readEntry(bytes: Uint8Array, { diffId, plainSize }: WantedLayer, where: string): CacheEntry {
  const { layers, annotations } = decodeAt(CachedLayer, bytes, where);
  const [{ digest, size, mediaType }] = layers;
  const blockSizes = annotations[CACHE_ANNOTATION.blocks].split(",").map(Number);
  const packedSize = blockSizes.reduce((sum, block) => sum + block, GZIP_HEADER.length + GZIP_TRAILER_SIZE);
  const faults = [
    mediaType !== MEDIA.ociLayerGzip && `its layer is of type ${mediaType.slice(0, 200)}`,
    annotations[CACHE_ANNOTATION.diffId] !== diffId && `it is of ${annotations[CACHE_ANNOTATION.diffId]}`,
    annotations[CACHE_ANNOTATION.packing] !== PACKING.name && "it is packed by another rule",
    packedSize !== size && `its blocks have ${packedSize} bytes, and the layer ${size}`,
    // No way of packing makes a tar file larger than that: nobody has to fetch it to see that it is wrong.
    size > 2 * plainSize && `it has ${size} bytes, and ${plainSize} when it is unpacked`,
  ].filter((fault) => fault !== false);
  if (faults.length > 0)
    throw new AircrateError("integrity", "it is not the layer of its tag", { where, reason: faults });
  return { blob: { digest, size }, blockSizes };
}
