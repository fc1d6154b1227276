import { archiveImageName } from "../app/names.ts";
import { MAX_LAYERS } from "../archive/compose.ts";
import type { FoundImage, FoundImages } from "../inspect/images.ts";
import { digestInName } from "../inspect/lookup.ts";
import { checkPath, type ImageContext, ownName } from "./context.ts";
import type { Findings } from "./findings.ts";
import { checkLayers } from "./layers.ts";

/** The images by themselves: configs, names, layers. */
export function checkImages({ images, faults }: FoundImages, context: ImageContext): void {
  const { archive, findings } = context;
  findings.problems(faults);
  if (images.length === 0) findings.problem(ownName(archive), "has no image");
  for (const image of images) checkConfig(image, context);
  checkNames(images, findings);
  checkLayers(images, context);
}

function checkConfig(image: FoundImage, { archive, findings }: ImageContext): void {
  const { where, configPath, config, layers, listed } = image;
  findings.problems(config.faults);
  if (listed) checkPath(configPath, where, findings);
  const named = digestInName(configPath);
  const digest = config.member?.blob?.digest;
  if (named !== undefined && digest !== undefined && named !== digest) {
    const message = `does not have the digest that it is named by: it is ${digest}`;
    findings.problem(`${archive.prefix}${config.member!.name}`, message);
  }
  const diffIds = config.value.rootfs?.diff_ids;
  if (diffIds === undefined) return;
  const given = layers.filter(({ path }) => path !== undefined).length;
  if (given !== diffIds.length) {
    findings.problem(where, `has ${given} layers, but its config has ${diffIds.length} diffIDs`);
  }
  if (diffIds.length > MAX_LAYERS) {
    findings.problem(where, `has ${diffIds.length} layers, where engines take at most ${MAX_LAYERS}`);
  }
  const made = config.value.history?.filter(({ empty_layer }) => empty_layer !== true).length ?? 0;
  if (made > diffIds.length) {
    findings.problem(where, `its history tells of ${made} layers, but it has ${diffIds.length}: Docker refuses that`);
  }
}

/** Names from `manifest.json`; those of image layouts have rules of their own. */
function checkNames(images: readonly FoundImage[], findings: Findings): void {
  const owners = new Map<string, FoundImage>();
  for (const image of images) {
    const { where, tags, listed } = image;
    if (!listed) continue;
    if (tags.length === 0) findings.warning(where, "has no name: some loaders keep it by its ID, ctr drops it");
    for (const tag of tags) {
      const name = archiveImageName(tag);
      if ("fault" in name) {
        findings.problem(where, name.fault);
        continue;
      }
      if (name.name !== tag) findings.problem(where, `the name ${tag} has no tag: Docker and podman refuse it`);
      const owner = owners.get(name.key);
      if (owner === image) findings.warning(where, `has the name ${tag} twice`);
      else if (owner !== undefined) findings.problem(where, `has the name ${tag}, and so has ${owner.where}`);
      else owners.set(name.key, image);
    }
  }
}
