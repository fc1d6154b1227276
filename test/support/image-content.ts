import { createHash } from "node:crypto";
import { gzip } from "pako";

/**
 * Images as values: manifests and blobs that a registry can serve. Digests come from the bytes, and the gzip bytes from
 * pako, so the same description gives the same digests on every machine.
 */
export interface ImageContent {
  /** What a tag points to: a manifest, or an index of manifests. */
  readonly root: ManifestContent;
  /** Every manifest below the root; the root too. */
  readonly manifests: readonly ManifestContent[];
  /** Configs and layers by digest. */
  readonly blobs: ReadonlyMap<string, BlobSource>;
}

export interface ManifestContent {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** Bytes in memory, or a file whose content has that size in bytes. */
export type BlobSource = Uint8Array | { readonly file: string; readonly size: number };

export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A layer as it is stored, when it is not to be made by pako's gzip: another encoding, or wrong on purpose. */
export interface EncodedLayer {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly diffId: string;
}

export interface ImageDescription {
  readonly platform: ImagePlatform;
  /** Plain tar bytes, to be stored with gzip, or a layer that is encoded already. Lowest first. */
  readonly layers: readonly (Buffer | EncodedLayer)[];
  /** Media types of the OCI image specification (the default) or of Docker's schema 2. */
  readonly form?: "oci" | "docker";
  /** The `config` object of the image config: Env, Cmd and so on. */
  readonly config?: object;
  readonly history?: readonly object[];
}

export interface IndexEntry {
  readonly image: ImageContent;
  readonly platform?: ImagePlatform;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Image specification, media-types.md; Docker's "Image Manifest Version 2, Schema 2". */
export const TYPES = {
  oci: {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

/** One image for one platform. */
export function makeImage(description: ImageDescription): ImageContent {
  const types = TYPES[description.form ?? "oci"];
  const layers = description.layers.map((layer) => (Buffer.isBuffer(layer) ? gzipLayer(layer, types.layer) : layer));
  const { os, architecture, variant } = description.platform;
  const config = json({
    architecture,
    ...(variant === undefined ? {} : { variant }),
    os,
    created: "2024-01-01T00:00:00Z",
    config: description.config ?? {},
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: description.history ?? layers.map(() => ({ created: "2024-01-01T00:00:00Z", created_by: "generated" })),
  });
  const root = {
    mediaType: types.manifest,
    bytes: json({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(types.config, config),
      layers: layers.map((layer) => descriptor(layer.mediaType, layer.bytes)),
    }),
  };
  const blobs = [config, ...layers.map((layer) => layer.bytes)];
  return { root, manifests: [root], blobs: new Map(blobs.map((bytes) => [digestOf(bytes), bytes])) };
}

/** An index (OCI) or manifest list (Docker) of images; its blobs are those of all entries. */
export function makeIndex(entries: readonly IndexEntry[], form: "oci" | "docker" = "oci"): ImageContent {
  const root = {
    mediaType: TYPES[form].index,
    bytes: json({
      schemaVersion: 2,
      mediaType: TYPES[form].index,
      manifests: entries.map(({ image, platform, annotations }) => ({
        ...descriptor(image.root.mediaType, image.root.bytes),
        ...(platform === undefined ? {} : { platform }),
        ...(annotations === undefined ? {} : { annotations }),
      })),
    }),
  };
  return {
    root,
    manifests: [root, ...entries.flatMap(({ image }) => image.manifests)],
    blobs: new Map(entries.flatMap(({ image }) => [...image.blobs])),
  };
}

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function sizeOf(source: BlobSource): number {
  return source instanceof Uint8Array ? source.length : source.size;
}

function gzipLayer(tar: Buffer, mediaType: string): EncodedLayer {
  return { mediaType, bytes: Buffer.from(gzip(tar, { level: 6 })), diffId: digestOf(tar) };
}

function descriptor(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
