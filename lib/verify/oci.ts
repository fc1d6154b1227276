import { layerEncoding } from "../../spec/media-types.ts";
import type { Descriptor } from "../../spec/oci.ts";
import { archiveImageName } from "../app/names.ts";
import type { ArchiveScan } from "../inspect/archive.ts";
import type { FoundImage, FoundImages } from "../inspect/images.ts";
import { blobName } from "../inspect/lookup.ts";
import { type FoundManifest, isAttachment } from "../inspect/oci.ts";
import { ownName } from "./context.ts";
import type { Findings } from "./findings.ts";

/** `index.json` and what it leads to: every blob is there with its size, and it says the same as `manifest.json`. */
export function checkIndex(found: FoundImages, archive: ArchiveScan, findings: Findings): void {
  const { images, manifests, listed } = found;
  if (manifests === undefined) return;
  // Layers that manifest.json names, too, have been asked for there.
  const asked = new Set(images.flatMap((image) => image.layers.flatMap(({ path }) => path ?? [])));
  for (const one of manifests) {
    checkManifest(one, archive, { asked, findings });
    checkName(one, findings);
  }
  if (manifests.every((one) => one.manifest === undefined || isAttachment(one))) {
    findings.problem(`${archive.prefix}index.json`, "leads to no image");
  }
  if (listed) {
    for (const image of images) compare(image, archive, findings);
  }
  for (const image of images) checkLayerOrder(image, archive, findings);
}

interface ManifestContext {
  readonly asked: ReadonlySet<string>;
  readonly findings: Findings;
}

function checkManifest(
  { where, entry, nested, present, manifest }: FoundManifest,
  archive: ArchiveScan,
  { asked, findings }: ManifestContext,
): void {
  if (!present) {
    const message = `${blobName(entry.digest)} is not in the archive`;
    if (nested) findings.warning(where, `${message}: this platform was left out`);
    else findings.problem(where, message);
    return;
  }
  checkSize(entry, where, archive, findings);
  if (manifest === undefined) return;
  const file = `${archive.prefix}${blobName(entry.digest)}`;
  for (const [name, descriptor] of [
    ["config", manifest.config] as const,
    ...manifest.layers.map((layer, i) => [`layers/${i}`, layer] as const),
  ]) {
    const blob = blobName(descriptor.digest);
    const place = `${file}/${name}`;
    if (archive.members.get(blob)?.type === "file") checkSize(descriptor, place, archive, findings);
    else if (!asked.has(blob)) findings.problem(place, `${blob} is not in the archive`);
    if (name !== "config") checkMediaType(descriptor, place, archive, findings);
  }
}

function checkSize({ digest, size }: Descriptor, where: string, archive: ArchiveScan, findings: Findings): void {
  const found = archive.members.get(blobName(digest))!.size;
  if (found !== size) findings.problem(where, `${blobName(digest)} has ${found} bytes instead of ${size}`);
}

/** Loaders look at the bytes themselves, other tools do not. */
function checkMediaType(
  { mediaType, digest }: Descriptor,
  where: string,
  archive: ArchiveScan,
  findings: Findings,
): void {
  const promised = layerEncoding(mediaType);
  const found = archive.members.get(blobName(digest))?.blob?.encoding;
  if (promised === undefined || found === undefined || promised === found) return;
  findings.warning(where, `the media type says ${promised}, but the bytes are ${found}`);
}

const ONLY_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

function checkName({ where, containerdName, refName, nested, manifest }: FoundManifest, findings: Findings): void {
  if (nested || manifest === undefined || containerdName !== undefined || refName === undefined) return;
  if (!ONLY_TAG.test(refName)) return;
  findings.warning(
    where,
    `its name is only the tag ${refName}: Docker with the containerd store takes that for the name, and ctr may lose the image`,
  );
}

/** The two documents name the same images by the same names; which one counts is up to the loader. */
function compare({ where, tags, listed, manifests }: FoundImage, archive: ArchiveScan, findings: Findings): void {
  const own = ownName(archive);
  const [first] = manifests;
  if (first === undefined) {
    findings.problem(where, `${own} has it in manifest.json, but not in index.json`);
    return;
  }
  if (!listed) {
    const message = `${own} has it in index.json, but not in manifest.json`;
    if (first.nested) findings.warning(where, message);
    else findings.problem(where, message);
    return;
  }
  const full = manifests.flatMap(({ containerdName, refName }) => {
    const name = containerdName ?? refName;
    return name === undefined || (containerdName === undefined && ONLY_TAG.test(name)) ? [] : [name];
  });
  if (full.length === 0) return;
  const indexed = keysOf(full);
  const named = keysOf(tags);
  if (indexed !== named) {
    findings.problem(where, `is named ${named} in manifest.json, but ${indexed} in index.json`);
  }
}

/** In one spelling and order. */
function keysOf(names: readonly string[]): string {
  const keys = names.map((name) => {
    const parsed = archiveImageName(name);
    return "key" in parsed ? parsed.key : name;
  });
  return [...new Set(keys)].sort().join(", ");
}

/** Docker 25.0.0 wrote the layers of its manifests in random order. */
function checkLayerOrder({ config, manifests }: FoundImage, archive: ArchiveScan, findings: Findings): void {
  const diffIds = config.value.rootfs?.diff_ids;
  if (diffIds === undefined) return;
  for (const { entry, manifest } of manifests) {
    const where = `${archive.prefix}${blobName(entry.digest)}`;
    const layers = manifest?.layers ?? [];
    if (layers.length !== diffIds.length) {
      findings.problem(where, `has ${layers.length} layers, but the config has ${diffIds.length} diffIDs`);
      continue;
    }
    const wrong = layers.findIndex(({ digest }, i) => {
      const found = archive.members.get(blobName(digest))?.blob?.diffId;
      return found !== undefined && found !== diffIds[i];
    });
    if (wrong >= 0) findings.problem(where, `its layer ${wrong + 1} is not the one with that place in the config`);
  }
}
