import type { DockerArchiveManifest } from "../../spec/docker-archive.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { ANNOTATION, type Index, type IndexEntry } from "../../spec/oci.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { blobPath, type Digest, LAYOUT_MARKER } from "../digest.ts";
import { encodeHeader, paddingOf, TRAILER_SIZE } from "../tar/header.ts";
import { composeManifest, type Document, type LayerForm } from "./manifest.ts";

/** An image that is ready to be written: its config bytes are final. */
export interface ArchiveImage {
  /** Full references with tag: `docker.io/library/com.example.app.service:1.0.0`. */
  readonly tags: readonly string[];
  readonly configBytes: Uint8Array;
  readonly layers: readonly LayerRecord[];
  /** The manifest that it came with, of these layers in their packed form. Default: one is made. */
  readonly manifest?: Document;
}

/**
 * `docker-archive` is a hybrid: an OCI image layout that also has `manifest.json`, in a tar file. `oci` leaves that out.
 */
export type ArchiveForm = "docker-archive" | "oci";

/** A member of the archive; `layer` is one whose bytes come from the store. */
export type ArchiveMember =
  | { readonly path: string; readonly directory: true }
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly layer: LayerRecord; readonly form: LayerForm };

export interface ArchiveImageIds {
  readonly tags: readonly string[];
  /** Image ID for engines with graph drivers. */
  readonly configDigest: Digest;
  /** Image ID for engines with the containerd store. */
  readonly manifestDigest: Digest;
}

export interface Archive {
  readonly members: readonly ArchiveMember[];
  readonly images: readonly ArchiveImageIds[];
}

/** An image of more layers than this is refused by Docker's graph drivers ("max depth exceeded"). */
export const MAX_LAYERS = 125;

/**
 * Lays out one archive for all images, every blob once. Directories, then the documents, then the blobs by digest: the
 * documents in front let a reader stop early; no symbolic and no hard link, since not every loader follows them; no
 * platform in the index, since `ctr images import` drops what names another platform than its own.
 */
export function composeArchive(images: readonly ArchiveImage[], form: ArchiveForm, layerForm: LayerForm): Archive {
  const blobs = new Map<Digest, ArchiveMember>();
  const entries: IndexEntry[] = [];
  const items = new Map<Digest, DockerArchiveManifest[number] & { RepoTags: string[] }>();
  const ids: ArchiveImageIds[] = [];
  const addBytes = ({ descriptor: { digest }, bytes }: Document) => {
    blobs.set(digest, { path: blobPath(digest), bytes });
  };

  for (const { tags, configBytes, layers, manifest: own } of images) {
    const { config, manifest: made, layers: descriptors } = composeManifest(configBytes, layers, layerForm);
    const manifest = layerForm === "gzip" && own !== undefined ? own : made;
    addBytes(config);
    addBytes(manifest);
    for (const [i, { digest }] of descriptors.entries()) {
      if (!blobs.has(digest)) blobs.set(digest, { path: blobPath(digest), layer: layers[i]!, form: layerForm });
    }
    const described = manifest.descriptor;
    for (const tag of tags) {
      const annotations = { [ANNOTATION.containerdName]: tag, [ANNOTATION.refName]: tag };
      entries.push({ ...described, annotations });
    }
    if (tags.length === 0) entries.push(described);
    const configDigest = config.descriptor.digest;
    const item = items.get(configDigest) ?? {
      Config: blobPath(configDigest),
      RepoTags: [],
      Layers: descriptors.map(({ digest }) => blobPath(digest)),
    };
    item.RepoTags.push(...tags);
    items.set(configDigest, item);
    ids.push({ tags, configDigest, manifestDigest: described.digest });
  }

  const index: Index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: entries };
  const sorted = [...blobs.keys()].sort().map((digest) => blobs.get(digest)!);
  const members: ArchiveMember[] = [
    { path: "blobs", directory: true },
    { path: "blobs/sha256", directory: true },
    { path: "oci-layout", bytes: Buffer.from(LAYOUT_MARKER) },
    { path: "index.json", bytes: toJson(index) },
  ];
  if (form === "docker-archive") members.push({ path: "manifest.json", bytes: toJson([...items.values()]) });
  return { members: [...members, ...sorted], images: ids };
}

/** The archive without the content of some layers; what its documents say stays as it is. @param diffIds of plain layers */
export function withoutLayers(archive: Archive, diffIds: ReadonlySet<Digest>): Archive {
  const members = archive.members.filter((member) => !("layer" in member && diffIds.has(member.layer.diffId)));
  return { ...archive, members };
}

function toJson(document: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(document), "utf8");
}

/** A part of the archive's tar stream: literal bytes, or the content of a layer in the form it has in the archive. */
export type ArchivePart = { readonly bytes: Uint8Array } | { readonly layer: LayerRecord; readonly form: LayerForm };

/** The archive as a tar stream: each header is written by the same hand, with constant owner, mode and time. */
export function archiveParts(archive: Archive): ArchivePart[] {
  const parts: ArchivePart[] = [];
  let pending: Uint8Array[] = [];
  for (const member of archive.members) {
    const directory = "directory" in member;
    const size = directory ? 0 : "bytes" in member ? member.bytes.length : layerSize(member);
    const mode = directory ? 0o755 : 0o644;
    const type = directory ? "directory" : "file";
    pending.push(encodeHeader({ path: member.path, type, mode, uid: 0, gid: 0, size, mtime: 0 }));
    if ("bytes" in member) pending.push(member.bytes);
    if ("layer" in member) {
      parts.push({ bytes: Buffer.concat(pending) }, { layer: member.layer, form: member.form });
      pending = [];
    }
    pending.push(Buffer.alloc(paddingOf(size)));
  }
  pending.push(Buffer.alloc(TRAILER_SIZE));
  parts.push({ bytes: Buffer.concat(pending) });
  return parts;
}

function layerSize({ layer, form }: { layer: LayerRecord; form: LayerForm }): number {
  return form === "plain" ? layer.plainSize : layer.size;
}
