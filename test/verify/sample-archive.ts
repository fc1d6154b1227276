/** Small archives of two images in the layouts of all known writers, made with nothing of the library. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type TarEntry, tarOf } from "../support/ustar.ts";

/** A JSON document under edit, as JSON.parse gives it: it is spoiled on purpose, in ways that no other type allows. */
export type Doc = ReturnType<typeof JSON.parse>;

export interface SampleImage {
  tags: string[];
  config: Doc;
  /** Plain tar files. */
  layers: Buffer[];
}

export type Layout = "hybrid" | "hybrid-gzip" | "flat" | "legacy" | "crane" | "oci";

export interface ArchiveHooks {
  readonly layout?: Layout;
  images?(images: SampleImage[]): SampleImage[] | undefined;
  /** OCI manifests, by index of the image. */
  ociManifest?(manifest: Doc, image: number): void;
  /** `index.json`. */
  index?(index: Doc): void;
  /** `manifest.json`. */
  items?(items: Doc): void;
  archive?(entries: TarEntry[]): TarEntry[];
  /** The plain tar file of the archive. */
  tar?(bytes: Buffer): Buffer;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export const BASE = tarOf([
  { path: "bin/" },
  { path: "bin/sh", mode: 0o755, data: "a shell\n".repeat(500) },
  { path: "bin/ash", hardlink: "bin/sh" },
  { path: "etc/" },
  { path: "etc/passwd", data: "root:x:0:0:root:/root:/bin/sh\n" },
]);
export const CAMERA = tarOf([{ path: "app/" }, { path: "app/main.py", data: "print('camera')\n" }]);
export const GALLERY = tarOf([{ path: "app/" }, { path: "app/main.py", data: "print('gallery')\n".repeat(100) }]);

export const TAGS = ["com.example.gallery.camera:1.0.0", "com.example.gallery.web:1.0.0"] as const;

export function sampleImages(): SampleImage[] {
  return [CAMERA, GALLERY].map((own, i) => ({
    tags: [TAGS[i]!],
    layers: [BASE, own],
    config: {
      architecture: "arm64",
      variant: "v8",
      os: "linux",
      created: "2024-01-01T00:00:00Z",
      config: {
        Env: ["PATH=/bin"],
        Cmd: ["sh"],
        Entrypoint: null,
        WorkingDir: "/app",
        User: "1000",
        ExposedPorts: { "8080/tcp": {} },
        Labels: { service: String(i) },
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(BASE)}`, `sha256:${sha256(own)}`] },
      history: [
        { created_by: "base" },
        { created_by: "ENV PATH=/bin", empty_layer: true },
        { created_by: `COPY service${i}` },
      ],
    },
  }));
}

/** The members of an archive in the layout of one of the known writers. */
export function archiveEntries(hooks: ArchiveHooks = {}): TarEntry[] {
  const images = hooks.images?.(sampleImages()) ?? sampleImages();
  const layout = hooks.layout ?? "hybrid";
  const entries =
    layout === "legacy"
      ? legacy(images, hooks)
      : layout === "oci" || layout.startsWith("hybrid")
        ? blobs(images, layout, hooks)
        : flat(images, layout, hooks);
  return hooks.archive?.(entries) ?? entries;
}

export function archiveOf(hooks: ArchiveHooks = {}): Buffer {
  const bytes = tarOf(archiveEntries(hooks));
  return hooks.tar?.(bytes) ?? bytes;
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Docker from version 25 on, with and without packed layers, and a plain OCI layout. */
function blobs(images: readonly SampleImage[], layout: Layout, hooks: ArchiveHooks): TarEntry[] {
  const packed = layout !== "hybrid";
  const files = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer) => {
    files.set(`blobs/sha256/${sha256(bytes)}`, bytes);
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const layerType = `application/vnd.oci.image.layer.v1.tar${packed ? "+gzip" : ""}`;
  const manifests: Doc[] = [];
  const items: Doc[] = [];
  for (const [i, { tags, config, layers }] of images.entries()) {
    const manifest = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: add("application/vnd.oci.image.config.v1+json", json(config)),
      layers: layers.map((layer) => add(layerType, packed ? gzipSync(layer) : layer)),
    };
    const path = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
    items.push({ Config: path(manifest.config), RepoTags: tags, Layers: manifest.layers.map(path) });
    hooks.ociManifest?.(manifest, i);
    const described = add(manifest.mediaType, json(manifest));
    for (const tag of tags) {
      const name = `docker.io/library/${tag}`;
      manifests.push({
        ...described,
        annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name },
      });
    }
  }
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
  hooks.index?.(index);
  hooks.items?.(items);
  const documents: TarEntry[] = [
    { path: "oci-layout", data: '{"imageLayoutVersion":"1.0.0"}' },
    { path: "index.json", data: json(index) },
  ];
  if (layout !== "oci") documents.push({ path: "manifest.json", data: json(items) });
  const sorted = [...files.keys()].sort().map((path) => ({ path, data: files.get(path)! }));
  return [{ path: "blobs/" }, { path: "blobs/sha256/" }, ...documents, ...sorted];
}

/** podman and skopeo (plain layers named by diffID), crane (packed layers, a colon in a name, keys in any case). */
function flat(images: readonly SampleImage[], layout: Layout, hooks: ArchiveHooks): TarEntry[] {
  const crane = layout === "crane";
  const files = new Map<string, Buffer>();
  const items = images.map(({ tags, config, layers }) => {
    const bytes = json(config);
    const configPath = crane ? `sha256:${sha256(bytes)}` : `${sha256(bytes)}.json`;
    files.set(configPath, bytes);
    const paths = layers.map((layer) => {
      const stored = crane ? gzipSync(layer) : layer;
      const path = `${sha256(stored)}${crane ? ".tar.gz" : ".tar"}`;
      files.set(path, stored);
      return path;
    });
    return crane
      ? { config: configPath, repoTags: tags, layers: paths }
      : { Config: configPath, RepoTags: tags, Layers: paths };
  });
  hooks.items?.(items);
  return [...[...files].map(([path, data]) => ({ path, data })), { path: "manifest.json", data: json(items) }];
}

/** Docker before version 25: a folder for each layer of each image, a link where the content was there before. */
function legacy(images: readonly SampleImage[], hooks: ArchiveHooks): TarEntry[] {
  const entries: TarEntry[] = [];
  const first = new Map<string, string>();
  const items = images.map(({ tags, config, layers }, i) => {
    const paths = layers.map((layer, j) => {
      const folder = sha256(Buffer.from(`image ${i} layer ${j}`));
      const before = first.get(sha256(layer));
      const path = `${folder}/layer.tar`;
      entries.push(
        { path: `${folder}/` },
        { path: `${folder}/VERSION`, data: "1.0" },
        { path: `${folder}/json`, data: "{}" },
      );
      entries.push(before === undefined ? { path, data: layer } : { path, symlink: `../${before}` });
      first.set(sha256(layer), before ?? path);
      return path;
    });
    const bytes = json(config);
    entries.push({ path: `${sha256(bytes)}.json`, data: bytes });
    return { Config: `${sha256(bytes)}.json`, RepoTags: tags, Layers: paths };
  });
  hooks.items?.(items);
  return [...entries, { path: "manifest.json", data: json(items) }, { path: "repositories", data: "{}" }];
}

/** Entries with one of them changed. */
export function edit(entries: TarEntry[], path: string, change: Partial<TarEntry>): TarEntry[] {
  if (!entries.some((entry) => entry.path === path)) throw new Error(`no entry ${path}`);
  return entries.map((entry) => (entry.path === path ? { ...entry, ...change } : entry));
}

export function without(entries: TarEntry[], ...paths: string[]): TarEntry[] {
  return entries.filter((entry) => !paths.includes(entry.path));
}

/** The same bytes but one bit. */
export function flip(bytes: Uint8Array, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at]! ^= 1;
  return flipped;
}

export function blob(bytes: Uint8Array): string {
  return `blobs/sha256/${sha256(bytes)}`;
}
