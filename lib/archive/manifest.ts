import { MEDIA } from "../../spec/media-types.ts";
import type { Descriptor, Manifest } from "../../spec/oci.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { digestOf } from "../digest.ts";

/** How layers lie in an archive: as they are in the store, or plain and named by their diffID. */
export type LayerForm = "gzip" | "plain";

/** A document of an image with the bytes that its digest is of. */
export interface Document {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface ImageDocuments {
  readonly config: Document;
  readonly manifest: Document;
  /** What the manifest says of the layers. */
  readonly layers: readonly Descriptor[];
}

/** The manifest of an image that was made here (image-spec manifest.md): nothing but what config and layers give. */
export function composeManifest(
  configBytes: Uint8Array,
  records: readonly LayerRecord[],
  form: LayerForm,
): ImageDocuments {
  const config = documentOf(MEDIA.ociConfig, configBytes);
  const layers = records.map((record) => layerDescriptor(record, form));
  const manifest: Manifest = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config: config.descriptor, layers };
  return { config, manifest: documentOf(MEDIA.ociManifest, Buffer.from(JSON.stringify(manifest), "utf8")), layers };
}

function documentOf(mediaType: string, bytes: Uint8Array): Document {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

function layerDescriptor(layer: LayerRecord, form: LayerForm): Descriptor {
  return form === "plain"
    ? { mediaType: MEDIA.ociLayer, digest: layer.diffId, size: layer.plainSize }
    : { mediaType: MEDIA.ociLayerGzip, digest: layer.digest, size: layer.size };
}
