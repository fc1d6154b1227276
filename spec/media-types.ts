/** Media types of the OCI image specification (image-spec media-types.md) and of Docker's manifest schema 2. */
export const MEDIA = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  /** `{}`: the config of what has none (image-spec manifest.md, "Guidance for an Empty Descriptor"). */
  ociEmpty: "application/vnd.oci.empty.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+json",
  dockerSchema1Signed: "application/vnd.docker.distribution.manifest.v1+prettyjws",
} as const;

/** The two forms of a list of manifests, one per platform. */
export const INDEX_TYPES: readonly string[] = [MEDIA.ociIndex, MEDIA.dockerIndex];

/** The two forms of one image's manifest. */
export const MANIFEST_TYPES: readonly string[] = [MEDIA.ociManifest, MEDIA.dockerManifest];

/** How the bytes of a layer blob are packed. */
export type LayerEncoding = "plain" | "gzip" | "zstd";

const LAYER_ENCODINGS: ReadonlyMap<string, LayerEncoding> = new Map([
  [MEDIA.ociLayer, "plain"],
  [MEDIA.dockerLayer, "plain"],
  [MEDIA.ociLayerGzip, "gzip"],
  [MEDIA.dockerLayerGzip, "gzip"],
  [MEDIA.ociLayerZstd, "zstd"],
  [MEDIA.dockerLayerZstd, "zstd"],
]);

/** The encoding that a layer's media type promises, or undefined when it is no layer that can be distributed. */
export function layerEncoding(mediaType: string): LayerEncoding | undefined {
  return LAYER_ENCODINGS.get(mediaType);
}

/** Layers that the publisher does not let registries hand on (image-spec layer.md, "Non-Distributable Layers"). */
export function isForeignLayer(mediaType: string): boolean {
  return mediaType.includes(".foreign.") || mediaType.includes(".nondistributable.");
}
