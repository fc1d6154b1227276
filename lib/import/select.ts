import type { Finding } from "../../spec/inspection.ts";
import { layerEncoding, MANIFEST_TYPES, MEDIA } from "../../spec/media-types.ts";
import type { Descriptor, Manifest, Platform } from "../../spec/oci.ts";
import type { Document } from "../archive/manifest.ts";
import type { Digest } from "../digest.ts";
import { AircrateError, findingLine } from "../error.ts";
import type { ArchiveScan, Member } from "../inspect/archive.ts";
import { type FoundImage, findImages } from "../inspect/images.ts";
import { blobName, digestInName } from "../inspect/lookup.ts";
import type { FoundManifest } from "../inspect/oci.ts";
import { parseReference } from "../reference.ts";
import { checkLayer, type Elsewhere, type ImportLayer } from "./layer.ts";

/** An image of a file, as far as one pass over the file proves it. */
export interface ImportImage {
  /** What messages call it. */
  readonly where: string;
  /** As the file gives them. */
  readonly names: readonly string[];
  readonly platform: Platform;
  readonly config: Document;
  readonly layers: readonly ImportLayer[];
  /** The file's own manifest, when its layers are packed with gzip, so that the store can have it. */
  readonly manifest?: Document;
  /** The index that leads to that. */
  readonly index?: Document;
}

export interface SelectOptions {
  readonly file: string;
  readonly faults: readonly Finding[];
  readonly optional?: boolean;
  readonly elsewhere?: Elsewhere;
}

/**
 * The images of an archive. Every digest in it was taken when it was read; here they are compared with the documents.
 *
 * @param faults what was wrong with the file around the archive
 * @param optional whether there need not be any
 * @param elsewhere layers that are taken for those that are not in the archive
 * @throws AircrateError integrity when anything does not fit, input when layers are packed in a way that is not supported
 */
export function selectImages(
  archive: ArchiveScan,
  { file, faults, optional = false, elsewhere = new Map() }: SelectOptions,
): ImportImage[] {
  const found = findImages(archive);
  const problems = [...faults, ...archive.faults, ...found.faults];
  for (const member of archive.members.values()) {
    if (member.name.startsWith("blobs/")) problems.push(...checkName(archive, member, member.name));
  }
  for (const { where, present, nested, entry } of found.manifests ?? []) {
    if (!present && !nested) problems.push({ where, message: `${entry.digest} is not in the file` });
  }
  const images = found.images.flatMap((image) => {
    problems.push(...image.config.faults);
    if (image.config.member !== undefined) {
      problems.push(...checkName(archive, image.config.member, image.configPath));
    }
    const layers = image.layers.flatMap((layer, i) => {
      const checked = checkLayer(layer, { where: `${image.where}, layer ${i + 1}`, file, elsewhere });
      if ("layer" in checked) return checked.layer;
      problems.push(checked);
      return [];
    });
    // What is incomplete has its problem.
    return layers.length < image.layers.length || image.config.member === undefined || image.config.faults.length > 0
      ? []
      : versionsOf(image).map((version) => describe(archive, image, { ...version, layers }));
  });
  for (const image of images) problems.push(...checkDocuments(image));
  if (problems.length > 0) throw refuse(file, problems);
  if (images.length === 0 && !optional) throw new AircrateError("input", "the file holds no image", { where: file });
  return images;
}

const MAX_PROBLEMS = 20;

function refuse(file: string, problems: readonly Finding[]): AircrateError {
  const shown = problems.slice(0, MAX_PROBLEMS).map(findingLine);
  const more = problems.length - shown.length;
  return new AircrateError("integrity", "the file is damaged or incomplete", {
    where: file,
    reason: more === 0 ? shown : [...shown, `and ${more} more`],
    hint: "nothing of it was taken; write or fetch it again",
  });
}

function checkName({ prefix }: ArchiveScan, { name, blob }: Member, path: string): Finding[] {
  const named = digestInName(path);
  if (named === undefined || blob === undefined || named === blob.digest) return [];
  return [{ where: `${prefix}${name}`, message: `does not have the digest that it is named by: it is ${blob.digest}` }];
}

interface Version {
  readonly names: readonly string[];
  readonly manifest?: FoundManifest;
}

/** One config may stand in several manifests of an index, each with names of its own. */
function versionsOf({ listed, tags, manifests }: FoundImage): Version[] {
  const [first] = manifests;
  if (listed || first === undefined) return [{ names: tags, ...(first && { manifest: first }) }];
  const byDigest = new Map<Digest, FoundManifest[]>();
  for (const manifest of manifests) {
    const { digest } = manifest.entry;
    byDigest.set(digest, [...(byDigest.get(digest) ?? []), manifest]);
  }
  return [...byDigest.values()].map((group) => ({
    names: [...new Set(group.flatMap(({ containerdName, refName }) => containerdName ?? readName(refName)))],
    manifest: group[0]!,
  }));
}

/** Many writers give the tag alone here. One such as `1.0-RC1`, which is no reference, names nothing. */
function readName(refName: string | undefined): string[] {
  if (refName === undefined) return [];
  try {
    parseReference(refName);
    return [refName];
  } catch (error) {
    if (error instanceof AircrateError) return [];
    throw error;
  }
}

function describe(
  archive: ArchiveScan,
  { where, config }: FoundImage,
  { names, manifest, layers }: Version & { readonly layers: readonly ImportLayer[] },
): ImportImage {
  const { os, architecture, variant } = config.value;
  const original = manifest !== undefined && isStorable(manifest.manifest!, layers) ? manifest : undefined;
  const index = original?.index && documentAt(archive, original.index);
  const { digest, document } = config.member!.blob!;
  return {
    where,
    names,
    platform: { os: os!, architecture: architecture!, ...(variant && { variant }) },
    config: {
      descriptor: original?.manifest?.config ?? { mediaType: MEDIA.ociConfig, digest, size: document!.length },
      bytes: document!,
    },
    layers,
    ...(original && { manifest: manifestDocument(archive, original) }),
    ...(index && { index }),
  };
}

/** The store has layers as gzip files, so a manifest that names others, or others than manifest.json, cannot be kept. */
function isStorable(manifest: Manifest, layers: readonly ImportLayer[]): boolean {
  return (
    manifest.layers.length === layers.length &&
    layers.every(({ packed, member }, i) => {
      const { mediaType, digest } = manifest.layers[i]!;
      return packed && layerEncoding(mediaType) === "gzip" && digest === member.blob!.digest;
    })
  );
}

function manifestDocument(archive: ArchiveScan, { entry, manifest }: FoundManifest): Document {
  const types = [entry.mediaType, manifest?.mediaType];
  const mediaType = types.find((type) => type !== undefined && MANIFEST_TYPES.includes(type)) ?? MEDIA.ociManifest;
  return documentAt(archive, { ...entry, mediaType });
}

function documentAt(archive: ArchiveScan, { mediaType, digest, size }: Descriptor): Document {
  return { descriptor: { mediaType, digest, size }, bytes: archive.members.get(blobName(digest))!.blob!.document! };
}

/** Sizes that descriptors announce; the digests were compared by the names. */
function checkDocuments({ where, config, manifest, index }: ImportImage): Finding[] {
  return [config, manifest, index].flatMap((document) => {
    if (document === undefined || document.descriptor.size === document.bytes.length) return [];
    const { digest, size } = document.descriptor;
    return [{ where, message: `${digest} has ${document.bytes.length} bytes, and ${size} are announced` }];
  });
}
