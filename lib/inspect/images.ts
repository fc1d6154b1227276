import { DockerArchiveManifest } from "../../spec/docker-archive.ts";
import type { Finding } from "../../spec/inspection.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import type { Digest } from "../digest.ts";
import { isMap, mapOf } from "../yaml/value.ts";
import type { ArchiveScan } from "./archive.ts";
import { checkDocument, documentOf, pickValid, readJson } from "./documents.ts";
import { blobName, digestOfBlobName, type Found, lookup } from "./lookup.ts";
import { type FoundManifest, isAttachment, readIndex } from "./oci.ts";

/** An image of an archive, put together from the documents that speak of it. */
export interface FoundImage {
  /** What findings call it: its first tag, or else its config. */
  readonly where: string;
  /** As `manifest.json` or the index gives them. */
  readonly tags: readonly string[];
  /** From `manifest.json`, or made of the digest in the OCI manifest. */
  readonly configPath: string;
  readonly config: Found & {
    /** The keys that have the right form. */
    readonly value: Partial<ImageConfig>;
    /** Where it does not. */
    readonly faults: readonly Finding[];
  };
  readonly layers: readonly FoundLayer[];
  /** Whether `manifest.json` has it. */
  readonly listed: boolean;
  /** The OCI manifests with this config: one, unless the archive is odd. */
  readonly manifests: readonly FoundManifest[];
}

export interface FoundLayer extends Found {
  /** Path or blob name that leads to it; absent when there are more diffIDs than layers. */
  readonly path?: string;
  /** The diffID that the config gives; absent when there are more layers than diffIDs. */
  readonly diffId?: Digest;
}

export interface FoundImages {
  readonly images: readonly FoundImage[];
  /** Whether the archive has a `manifest.json` that can be read. */
  readonly listed: boolean;
  /** Absent when the archive has no `index.json`, or one that cannot be read. */
  readonly manifests?: readonly FoundManifest[];
  readonly faults: readonly Finding[];
}

const MAX_LAYERS_OF_ALL = 10_000;

/** The images of an archive: those of `manifest.json` in its order, then those that only `index.json` has. */
export function findImages(archive: ArchiveScan): FoundImages {
  const faults: Finding[] = [];
  const index = archive.members.has("index.json") ? readIndex(archive) : undefined;
  if (index !== undefined) faults.push(...index.faults);
  const described = groupByConfig(index?.manifests ?? []);
  const items = archive.members.has("manifest.json") ? readItems(archive) : undefined;
  if (items !== undefined && "faults" in items) faults.push(...items.faults);
  const listed = items !== undefined && "value" in items ? items.value : undefined;

  const images: FoundImage[] = [];
  // Many images may name one config, which can be large; and a short document can name one layer a million times.
  const configs = new Map<string, FoundImage["config"]>();
  let layers = 0;
  const add = (configPath: string, paths: readonly string[], rest: Pick<FoundImage, "tags" | "listed">) => {
    const where = `image ${rest.tags[0] ?? configPath}`;
    const config = configs.get(configPath) ?? readConfig(archive, configPath);
    configs.set(configPath, config);
    layers += Math.max(paths.length, config.value.rootfs?.diff_ids.length ?? 0);
    if (layers > MAX_LAYERS_OF_ALL) {
      faults.push({ where, message: `is beyond ${MAX_LAYERS_OF_ALL} layers of all images together` });
      return;
    }
    // A config that is missing is known by the path that its digest makes.
    const digest = config.member?.blob?.digest ?? digestOfBlobName(configPath) ?? "";
    const manifests = described.get(digest) ?? [];
    images.push({ where, configPath, config, layers: pairLayers(archive, config.value, paths), manifests, ...rest });
  };
  for (const { Config, RepoTags, Layers } of listed ?? []) {
    add(Config, Layers ?? [], { tags: RepoTags ?? [], listed: true });
  }
  const done = new Set(images.flatMap(({ manifests }) => manifests.map(({ manifest }) => manifest!.config.digest)));
  for (const [digest, manifests] of described) {
    if (done.has(digest)) continue;
    const tags = [...new Set(manifests.flatMap(({ containerdName, refName }) => containerdName ?? refName ?? []))];
    const paths = manifests[0]!.manifest!.layers.map((layer) => blobName(layer.digest));
    add(blobName(digest), paths, { tags, listed: false });
  }
  const manifests = index?.manifests;
  return { images, listed: listed !== undefined, faults, ...(manifests !== undefined && { manifests }) };
}

/** One image may have several entries, one for each of its names. */
function groupByConfig(manifests: readonly FoundManifest[]): Map<string, FoundManifest[]> {
  const groups = new Map<string, FoundManifest[]>();
  for (const found of manifests) {
    if (found.manifest === undefined || isAttachment(found)) continue;
    const { digest } = found.manifest.config;
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [found]);
    else group.push(found);
  }
  return groups;
}

function readItems(archive: ArchiveScan) {
  const where = `${archive.prefix}manifest.json`;
  const json = readJson(documentOf(lookup(archive, "manifest.json").member), where);
  return "faults" in json ? json : checkDocument(DockerArchiveManifest, canonicalKeys(json.value), where);
}

const KEYS: ReadonlyMap<string, string> = new Map([
  ["config", "Config"],
  ["repotags", "RepoTags"],
  ["layers", "Layers"],
]);

/** Loaders, which are written in Go, take the keys in any case. */
function canonicalKeys(items: unknown): unknown {
  if (!Array.isArray(items)) return items;
  return items.map((item) => {
    if (!isMap(item)) return item;
    return mapOf(Object.entries(item).map(([key, value]) => [KEYS.get(key.toLowerCase()) ?? key, value] as const));
  });
}

function readConfig(archive: ArchiveScan, path: string): FoundImage["config"] {
  const found = lookup(archive, path);
  const where = `${archive.prefix}${path}`;
  if (found.member === undefined) return { ...found, value: {}, faults: [{ where, message: "is not in the archive" }] };
  const json = readJson(documentOf(found.member), where);
  if ("faults" in json) return { ...found, value: {}, faults: json.faults };
  const checked = checkDocument(ImageConfig, json.value, where);
  if ("value" in checked) return { ...found, value: checked.value, faults: [] };
  return { ...found, value: pickValid(ImageConfig, json.value), faults: checked.faults };
}

function pairLayers(archive: ArchiveScan, config: Partial<ImageConfig>, paths: readonly string[]): FoundLayer[] {
  const diffIds = config.rootfs?.diff_ids ?? [];
  return Array.from({ length: Math.max(paths.length, diffIds.length) }, (_, i) => {
    const path = paths[i];
    const diffId = diffIds[i];
    const found = path === undefined ? { via: [] } : lookup(archive, path);
    return { ...found, ...(path !== undefined && { path }), ...(diffId !== undefined && { diffId }) };
  });
}
