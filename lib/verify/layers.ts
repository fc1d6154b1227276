import type { Member } from "../inspect/archive.ts";
import type { FoundImage, FoundLayer } from "../inspect/images.ts";
import { digestInName } from "../inspect/lookup.ts";
import { checkPath, type ImageContext, ownName } from "./context.ts";
import { checkGiven } from "./given.ts";

/** Layers of all images: each is there, is what its config says, and can be unpacked by every engine. */
export function checkLayers(images: readonly FoundImage[], context: ImageContext): void {
  const { findings } = context;
  const promised = new Map<string, string>();
  for (const image of images) {
    checkMissing(image, images, context);
    for (const [i, layer] of image.layers.entries()) {
      const where = `${image.where}, layer ${i + 1}`;
      if (layer.path === undefined) continue;
      if (image.listed) checkPath(layer.path, where, findings);
      checkDiffId(layer, where, context);
      // podman refuses an archive that gives one file for two layers.
      const before = promised.get(layer.path);
      if (before !== undefined && layer.diffId !== undefined && before !== layer.diffId) {
        findings.problem(where, `${layer.path} stands for two diffIDs, ${before} and ${layer.diffId}`);
      }
      if (layer.diffId !== undefined) promised.set(layer.path, before ?? layer.diffId);
      if (layer.member !== undefined) checkMember(layer.member, layer.path, context);
    }
  }
  checkLinks(images, context);
}

const LOADERS = {
  symlink: "skopeo fails on the second image of such an archive",
  hardlink: "Docker with the containerd store and ctr do not find them",
} as const;

/** Older Dockers write a layer that occurs twice as a link. */
function checkLinks(images: readonly FoundImage[], { archive, findings }: ImageContext): void {
  for (const kind of ["symlink", "hardlink"] as const) {
    const linked = images.flatMap(({ layers }) => layers.filter(({ via }) => via.includes(kind)));
    const paths = new Set(linked.map(({ path }) => path));
    if (paths.size === 0) continue;
    findings.warning(ownName(archive), `${paths.size} of its layers are ${kind}s: ${LOADERS[kind]}`);
  }
}

/**
 * A package on top of Auterion's base image leaves that image's layers to the device. Docker looks them up with all that
 * lie below, so only the lowest layers of every image that has them can be left out.
 */
function checkMissing(image: FoundImage, images: readonly FoundImage[], context: ImageContext): void {
  const { appBase, leftOut, given, findings } = context;
  if (given.length > 0) {
    checkGiven(image, given, findings);
    return;
  }
  const run = leadingRun(image);
  const everywhere = (diffId: string) =>
    images.every((other) => {
      const place = other.layers.findIndex((layer) => layer.diffId === diffId);
      return place < leadingRun(other) || place < 0;
    });
  for (const [i, { path, member, diffId }] of image.layers.entries()) {
    if (member !== undefined || path === undefined || leftOut.has(diffId ?? "")) continue;
    const where = `${image.where}, layer ${i + 1}`;
    if (appBase === undefined) findings.problem(where, `${path} is not in the archive`);
    else if (i >= run || diffId === undefined || !everywhere(diffId)) {
      findings.problem(where, `${path} is not in the archive, and it is no layer that the device can find by its base`);
    }
  }
  if (appBase !== undefined && run > 0 && leftOut.size === 0) {
    findings.warning(image.where, `its lowest ${run} layers are not in the file: the device needs app-base ${appBase}`);
  }
}

/** How many of the lowest layers are not in the archive. */
function leadingRun({ layers }: FoundImage): number {
  const first = layers.findIndex(({ member }) => member !== undefined);
  return first < 0 ? layers.length : first;
}

function checkDiffId({ member, diffId }: FoundLayer, where: string, { findings }: ImageContext): void {
  const found = member?.blob?.diffId;
  if (found === undefined || diffId === undefined || found === diffId) return;
  findings.problem(where, `unpacks to ${found}, but the config says ${diffId}`);
}

/** @param path one that leads to the member */
function checkMember(member: Member, path: string, { archive, findings }: ImageContext): void {
  const where = `${archive.prefix}${member.name}`;
  const { blob } = member;
  if (blob === undefined) return;
  const named = digestInName(path);
  // Blobs of a layout are checked with the archive; elsewhere both digests are in use as names.
  if (named !== undefined && !member.name.startsWith("blobs/") && named !== blob.digest && named !== blob.diffId) {
    findings.problem(where, `has neither the digest nor the diffID that it is named by: it is ${blob.digest}`);
  }
  if (blob.fault !== undefined) findings.problem(where, `cannot be unpacked: ${blob.fault}`);
  else if (blob.document !== undefined) findings.problem(where, "is a JSON document and no layer");
  else if (blob.diffId === undefined) {
    const docker = blob.encoding === "zstd" ? "; Docker before version 23 does not load it" : "";
    findings.warning(where, `diffID and content are not checked: ${blob.encoding}${docker}`);
  }
  const { layer } = blob;
  if (layer === undefined) return;
  if (layer.fault !== undefined) findings.problem(where, `is no layer: ${layer.fault}`);
  for (const name of layer.duplicates) findings.problem(where, `has ${name} twice: Docker refuses such a layer`);
  for (const name of layer.brokenLinks) {
    findings.problem(where, `has the hard link ${name} without its target: it cannot be unpacked`);
  }
  if (layer.partial) findings.warning(where, "has so many files that not all of their names were compared");
}
