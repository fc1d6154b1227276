import { emptyImage, type Image } from "../image/image.ts";
import type { Pull } from "../image/pull.ts";
import type { BuildPlan, PlannedImage } from "../plan/plan.ts";
import type { Reference } from "../reference.ts";
import { createContextCache } from "./contexts.ts";
import { makeDockerfileImage } from "./dockerfile-image.ts";
import type { MakeContext, Openers } from "./make.ts";
import { makeTreeImage } from "./tree-image.ts";

export interface MakeOptions extends Omit<MakeContext, "plan" | "contexts" | "images"> {
  readonly pull: Pull;
  /** Whether an image need not be waited for, as far as the store knows. */
  readonly isStored: (reference: Reference) => Promise<boolean>;
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
  const start = (known: Map<string, Promise<Image>>, name: string, image: Promise<Image>) => {
    // Whoever waits for it sees the failure; until then it must not count as unhandled.
    image.catch(() => {});
    known.set(name, image);
  };
  const images = new Map<string, Promise<Image>>();
  for (const planned of plan.images) {
    const { name, recipe } = planned;
    if (recipe.kind === "pull") start(images, name, options.pull(recipe.reference));
    else start(images, name, makeImage(planned, { plan, contexts, images, ...options }));
  }
  const guess = async () => {
    if (await areStored(plan, options.isStored)) return;
    const guesses = new Map<string, Promise<Image>>();
    // An address may depend on the base's environment: no server is asked for what may never be wanted.
    const open: Openers = {
      ...options.open,
      remote: () => Promise.reject(new Error("nothing is fetched for a guess")),
    };
    for (const planned of plan.images) {
      const { name, recipe } = planned;
      if (recipe.kind === "pull") start(guesses, name, Promise.resolve(emptyImage(plan.platform)));
      else
        start(guesses, name, makeImage(planned, { plan, contexts, images: guesses, ...options, open, warn: () => {} }));
    }
  };
  // Only time is lost without it.
  guess().catch(() => {});
  return images;
}

async function areStored(plan: BuildPlan, isStored: MakeOptions["isStored"]): Promise<boolean> {
  for (const { recipe } of plan.images) if (recipe.kind === "pull" && !(await isStored(recipe.reference))) return false;
  return true;
}

async function makeImage({ where, recipe }: PlannedImage, context: MakeContext): Promise<Image> {
  switch (recipe.kind) {
    case "dockerfile":
      return makeDockerfileImage(recipe, context);
    case "tree":
      return makeTreeImage(recipe, where, context);
    case "pull":
      throw new Error(`${where}: an image that is pulled is not made`);
  }
}
