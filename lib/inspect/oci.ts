import type { Finding } from "../../spec/inspection.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../../spec/media-types.ts";
import { ANNOTATION, Index, type IndexEntry, Manifest } from "../../spec/oci.ts";
import { isMap } from "../yaml/value.ts";
import type { ArchiveScan } from "./archive.ts";
import { checkDocument, documentOf, readDocument, readJson } from "./documents.ts";
import { blobName } from "./lookup.ts";

/** An entry of `index.json`, or of an index below it. */
export interface FoundManifest {
  /** The document and the place in it. */
  readonly where: string;
  readonly entry: IndexEntry;
  /** Entries of indexes below index.json may name platforms that are not in the file. */
  readonly nested: boolean;
  /** Names of the image: full as containerd writes them, or what else was given. */
  readonly containerdName?: string;
  readonly refName?: string;
  /** Whether the blob is there. */
  readonly present: boolean;
  /** Absent when the blob is not there, cannot be read, or is no manifest of an image. */
  readonly manifest?: Manifest;
}

export interface FoundIndex {
  readonly manifests: readonly FoundManifest[];
  readonly faults: readonly Finding[];
}

const MAX_DEPTH = 3;
const MAX_ENTRIES = 10_000;

/** All manifests that `index.json` leads to, in order; those of indexes stand in place of the index. */
export function readIndex(archive: ArchiveScan): FoundIndex {
  const manifests: FoundManifest[] = [];
  const faults: Finding[] = [];
  const walk = (member: string, depth: number, above: Pick<FoundManifest, "containerdName" | "refName">) => {
    const where = `${archive.prefix}${member}`;
    const index = readDocument(Index, documentOf(archive.members.get(member)), where);
    if ("faults" in index) {
      faults.push(...index.faults);
      return;
    }
    for (const [i, entry] of index.value.manifests.entries()) {
      if (manifests.length === MAX_ENTRIES) {
        faults.push({ where, message: `leads to more than ${MAX_ENTRIES} manifests` });
        return;
      }
      const name = blobName(entry.digest);
      const names = { ...above, ...namesOf(entry) };
      const present = archive.members.get(name)?.type === "file";
      if (present && isIndex(archive, entry) && depth < MAX_DEPTH) {
        walk(name, depth + 1, names);
        continue;
      }
      const found = { where: `${where}/manifests/${i}`, entry, nested: depth > 0, present, ...names };
      const manifest = present ? readManifest(archive, entry) : undefined;
      if (manifest !== undefined && "faults" in manifest) faults.push(...manifest.faults);
      manifests.push({ ...found, ...(manifest !== undefined && "value" in manifest && { manifest: manifest.value }) });
    }
  };
  walk("index.json", 0, {});
  return { manifests, faults };
}

function namesOf({ annotations = {} }: IndexEntry): Pick<FoundManifest, "containerdName" | "refName"> {
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

function readManifest(archive: ArchiveScan, entry: IndexEntry) {
  const name = blobName(entry.digest);
  const where = `${archive.prefix}${name}`;
  const json = readJson(documentOf(archive.members.get(name)), where);
  return "faults" in json ? json : checkDocument(Manifest, json.value, where);
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
