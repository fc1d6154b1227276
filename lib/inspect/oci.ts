import type { Finding } from "../../spec/inspection.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../../spec/media-types.ts";
import { ANNOTATION, Index, type IndexEntry, Manifest } from "../../spec/oci.ts";
import { isMap } from "../yaml/value.ts";
import type { ArchiveScan } from "./archive.ts";
import { documentOf, type Read, readDocument, readJson } from "./documents.ts";
import { blobName } from "./lookup.ts";

/** An entry of `index.json`, or of an index below it. */
export interface FoundManifest {
  /** The document and the place in it. */
  readonly where: string;
  readonly entry: IndexEntry;
  /** Entries of indexes below index.json may name platforms that are not in the file. */
  readonly nested: boolean;
  /** The entry of the index directly below `index.json` that leads to it. */
  readonly index?: IndexEntry;
  /** Names of the image: full as containerd writes them, or what else was given. */
  readonly containerdName?: string;
  readonly refName?: string;
  /** Whether the blob is there. */
  readonly present: boolean;
  /** Absent when the blob is not there, cannot be read, or is no manifest of an image. */
  readonly manifest?: Manifest;
}

export interface FoundIndex {
  /** Absent when `index.json` itself cannot be read. */
  readonly manifests?: readonly FoundManifest[];
  readonly faults: readonly Finding[];
}

const MAX_DEPTH = 3;
/** Indexes may name the same blobs over and over: what they lead to is limited, and each is read once. */
const MAX_INDEXES = 100;
const MAX_ENTRIES = 10_000;

type Names = Pick<FoundManifest, "containerdName" | "refName">;

/** How an index was come to. */
interface Path {
  readonly depth: number;
  readonly names: Names;
  readonly via?: IndexEntry;
}

/** All manifests that `index.json` leads to, in order; those of indexes stand in place of the index. */
export function readIndex(archive: ArchiveScan): FoundIndex {
  const top = readOneIndex(archive, "index.json");
  if ("faults" in top) return { faults: top.faults };
  const manifests: FoundManifest[] = [];
  const faults: Finding[] = [];
  const read = new Map<string, Read<Manifest>>();
  let indexes = 0;

  function walk(index: Index, member: string, { depth, names, via }: Path): void {
    const where = `${archive.prefix}${member}`;
    for (const [i, entry] of index.manifests.entries()) {
      if (manifests.length === MAX_ENTRIES) break;
      const name = blobName(entry.digest);
      const known = { ...names, ...namesOf(entry) };
      const present = archive.members.get(name)?.type === "file";
      if (present && depth < MAX_DEPTH && indexes < MAX_INDEXES && isIndex(archive, entry)) {
        indexes += 1;
        const below = readOneIndex(archive, name);
        if ("faults" in below) faults.push(...below.faults);
        else walk(below.value, name, { depth: depth + 1, names: known, via: via ?? entry });
        continue;
      }
      const place = { where: `${where}/manifests/${i}`, nested: depth > 0, ...(via !== undefined && { index: via }) };
      const found = { ...place, entry, present, ...known };
      const manifest = present ? (read.get(name) ?? readManifest(archive, name)) : undefined;
      if (manifest !== undefined) read.set(name, manifest);
      if (manifest !== undefined && "faults" in manifest) faults.push(...manifest.faults);
      manifests.push({ ...found, ...(manifest !== undefined && "value" in manifest && { manifest: manifest.value }) });
    }
  }

  walk(top.value, "index.json", { depth: 0, names: {} });
  if (manifests.length === MAX_ENTRIES) {
    faults.push({ where: `${archive.prefix}index.json`, message: `leads to ${MAX_ENTRIES} manifests or more` });
  }
  return { manifests, faults };
}

function readOneIndex(archive: ArchiveScan, name: string): Read<Index> {
  return readDocument(Index, documentOf(archive.members.get(name)), `${archive.prefix}${name}`);
}

function namesOf({ annotations = {} }: IndexEntry): Names {
  const at = (key: string) => (Object.hasOwn(annotations, key) ? annotations[key] : undefined);
  const containerdName = at(ANNOTATION.containerdName);
  const refName = at(ANNOTATION.refName);
  return {
    ...(containerdName !== undefined && { containerdName }),
    ...(refName !== undefined && { refName }),
  };
}

/** Loaders go by the media type of the descriptor; where it says nothing of use, the document itself tells. */
function isIndex(archive: ArchiveScan, entry: IndexEntry): boolean {
  if (INDEX_TYPES.includes(entry.mediaType)) return true;
  if (MANIFEST_TYPES.includes(entry.mediaType)) return false;
  const json = readJson(documentOf(archive.members.get(blobName(entry.digest))), "");
  return "value" in json && isMap(json.value) && Array.isArray(json.value.manifests);
}

function readManifest(archive: ArchiveScan, name: string): Read<Manifest> {
  return readDocument(Manifest, documentOf(archive.members.get(name)), `${archive.prefix}${name}`);
}

/** What builders attach to an image, such as a provenance: an entry for no platform, which loaders skip. */
export function isAttachment({ entry, manifest }: FoundManifest): boolean {
  const type = entry.annotations?.["vnd.docker.reference.type"];
  return (
    type === "attestation-manifest" ||
    entry.platform?.os === "unknown" ||
    manifest?.artifactType !== undefined ||
    (manifest !== undefined && !CONFIG_TYPE.test(manifest.config.mediaType))
  );
}

const CONFIG_TYPE = /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.v1\+json$/;
