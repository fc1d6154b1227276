import { setImmediate } from "node:timers/promises";
import { type AssembleOptions, assembleImage } from "../image/assemble.ts";
import { emptyImage, type Image } from "../image/image.ts";
import type { Pull } from "../image/pull.ts";
import type { BuildPlan, PlannedImage, Recipe } from "../plan/plan.ts";
import type { Reference } from "../reference.ts";
import { type ContextCache, createContextCache, dockerfileAssembly, treeAssembly } from "./operations.ts";

export interface MakeOptions extends AssembleOptions {
  readonly pull: Pull;
  /** Whether an image need not be waited for, as far as the store knows. */
  readonly isStored: (reference: Reference) => Promise<boolean>;
  readonly warn: (warning: string) => void;
}

type Images = ReadonlyMap<string, Promise<Image>>;

/**
 * Starts every image of a plan: pulls begin at once, an image is assembled as soon as the names in its base are known.
 *
 * While the bases are on their way, the images are assembled on empty ones in advance. Where a layer is put does not
 * often depend on the base, so most layers are packed by the time that the base is there, and the same layer is not
 * built twice. What came of an empty base is never used otherwise. Where the store has all bases there is no such time.
 *
 * @returns the images by their name in the plan
 */
export function startImages(plan: BuildPlan, options: MakeOptions): Images {
  const contexts = createContextCache();
  const images = new Map<string, Promise<Image>>();
  const guesses = new Map<string, Promise<Image>>();
  const start = (known: Map<string, Promise<Image>>, name: string, image: Promise<Image>) => {
    // Whoever waits for it sees the failure; until then it must not count as unhandled.
    image.catch(() => {});
    known.set(name, image);
  };
  for (const planned of plan.images) {
    const { name, recipe } = planned;
    if (recipe.kind === "pull") start(images, name, options.pull(recipe.reference));
    else start(images, name, makeImage(planned, recipe, { plan, contexts, images, ...options }));
  }
  const guess = async () => {
    if (await areStored(plan, options.isStored)) return;
    for (const planned of plan.images) {
      const { name, recipe } = planned;
      if (recipe.kind === "pull") start(guesses, name, Promise.resolve(emptyImage(plan.platform)));
      else
        start(
          guesses,
          name,
          makeImage(planned, recipe, { plan, contexts, images: guesses, ...options, warn: () => {} }),
        );
    }
  };
  // Only time is lost without it.
  guess().catch(() => {});
  // The order of the plan: it decides which failure is told.
  return new Map(plan.images.map(({ name }) => [name, images.get(name)!]));
}

async function areStored(plan: BuildPlan, isStored: MakeOptions["isStored"]): Promise<boolean> {
  for (const { recipe } of plan.images) if (recipe.kind === "pull" && !(await isStored(recipe.reference))) return false;
  return true;
}

interface MakeContext extends MakeOptions {
  readonly plan: BuildPlan;
  readonly contexts: ContextCache;
  readonly images: Images;
}

async function makeImage(
  { where }: PlannedImage,
  recipe: Exclude<Recipe, { kind: "pull" }>,
  { plan, contexts, images, warn, ...options }: MakeContext,
): Promise<Image> {
  const { from } = recipe;
  const base = from.kind === "scratch" ? emptyImage(plan.platform) : await images.get(from.name)!;
  // Nothing is read before the names in the base are known: the guess, whose base is empty, comes first.
  await base.root();
  // Listing a tree keeps the thread busy: requests that are under way get their turn in between.
  await setImmediate();
  if (recipe.kind === "tree") {
    const assembly = treeAssembly(recipe.tree, base, { where, directory: plan.directory, contexts });
    return assembleImage(base, assembly, options);
  }
  const assembly = dockerfileAssembly(recipe, base, contexts);
  for (const warning of assembly.warnings) warn(warning);
  return assembleImage(base, assembly, options);
}
