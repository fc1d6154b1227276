import { appBaseReference, isAppBaseVersion } from "../app/app-base.ts";
import type { AppManifest } from "../app/manifest.ts";
import type { Problem } from "../error.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { formatReference, type Reference } from "../reference.ts";
import { readOnlyStore } from "../store/layout.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { type StoredConfigs, storedConfig } from "./stored.ts";

/** Versions of Auterion's base that the store is asked for; v0 to v2 are out. */
const VERSIONS = ["v0", "v1", "v2", "v3", "v4", "v5"];

interface BaseContext {
  /** The manifest. */
  readonly document: YamlDocument;
  readonly stored: StoredConfigs;
  /** Folder of the blob store. */
  readonly store: string | undefined;
}

/**
 * AC006 and AC007: whether the images stand on the base that the manifest names. Where the store knows the layers of both
 * they are compared, since a base may go by another name; else the reference decides.
 */
export async function baseTraps(plan: BuildPlan, app: AppManifest, context: BaseContext): Promise<Problem[]> {
  const { appBase } = app;
  const layersOf = await knownBases(plan, app, context);
  const bases = new Map<string, string | undefined>();
  for (const { service, image } of plan.outputs) {
    const root = rootOf(plan, image);
    if (root !== undefined) bases.set(service!, versionOf(root, { appBase, layersOf, stored: context.stored }));
  }
  const found: Problem[] = [];
  if (isAppBaseVersion(appBase) && ![...bases.values()].includes(appBase)) {
    found.push({
      where: `${app.file}:${context.document.locate("/auterion-app-base")}`,
      what: `\`auterion-app-base\` is ${appBase}, but no image is built on ${appBaseReference(appBase).name}`,
      hint: ["set it to none: else the device needs that base without using it"],
      trap: "AC006",
    });
  }
  for (const { name, where } of app.services) {
    const base = bases.get(name);
    if (base === undefined || base === appBase) continue;
    found.push({
      where,
      what: `the image of \`${name}\` is built on ${appBaseReference(base).name}, but \`auterion-app-base\` is ${appBase}`,
      hint: isAppBaseVersion(base)
        ? [`set auterion-app-base to ${base}: devices that have this base need not be sent its layers`]
        : [`build it on a version such as ${appBaseReference("v2").name}: ${base} is none that a manifest can name`],
      trap: "AC007",
    });
  }
  return found;
}

/** DiffIDs of the versions of Auterion's base that the store has, by version. */
async function knownBases(plan: BuildPlan, app: AppManifest, { store }: BaseContext) {
  const found = new Map<string, readonly string[]>();
  if (store === undefined) return found;
  for (const version of new Set([app.appBase, ...VERSIONS].filter(isAppBaseVersion))) {
    const name = formatReference(appBaseReference(version).reference);
    const config = await storedConfig(readOnlyStore(store), name, plan);
    if (config !== undefined) found.set(version, config.rootfs.diff_ids);
  }
  return found;
}

interface Root {
  /** Its name in the plan. */
  readonly name: string;
  readonly reference: Reference;
}

/** The pulled image that an image of the plan stands on in the end. */
function rootOf(plan: BuildPlan, name: string): Root | undefined {
  const recipe = plan.images.find((image) => image.name === name)?.recipe;
  if (recipe === undefined) return undefined;
  if (recipe.kind === "pull") return { name, reference: recipe.reference };
  return recipe.from.kind === "scratch" ? undefined : rootOf(plan, recipe.from.name);
}

interface Known {
  readonly appBase: string;
  /** DiffIDs of the versions of Auterion's base. */
  readonly layersOf: ReadonlyMap<string, readonly string[]>;
  readonly stored: StoredConfigs;
}

function versionOf({ name, reference }: Root, { appBase, layersOf, stored }: Known): string | undefined {
  const { registry, repository, tag = appBase } = reference;
  const layers = stored.get(name)?.rootfs.diff_ids;
  const same = (base: readonly string[]) => base.length > 0 && base.every((diffId, i) => layers?.[i] === diffId);
  const equal = [...layersOf].find(([, base]) => same(base))?.[0];
  if (equal !== undefined) return equal;
  // By its layers it is none of those that are known, which is what counts where its name is one of them.
  const known = layers !== undefined && layersOf.has(tag);
  const base = appBaseReference("v0").reference;
  return registry === base.registry && repository === base.repository && !known ? tag : undefined;
}
