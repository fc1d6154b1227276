import { isDeepStrictEqual } from "node:util";
import type { Expectation } from "../image/expect.ts";
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
  /** What a pull is going to give, as far as the store knows. */
  readonly expect: (reference: Reference) => Promise<Expectation | undefined>;
}

type Images = ReadonlyMap<string, Promise<Image>>;

/**
 * Starts every image of a plan: pulls begin at once, an image is assembled as soon as the names in its base are known.
 *
 * While registries are asked for the bases, the images are assembled on what these were the last time; when that is what
 * they are, it was all that had to be done. While new bases are on their way, the images are assembled on empty ones: where
 * a layer is put does not often depend on the base, so most layers are packed by the time that the base is there, and the
 * same layer is not built twice. What came of an empty base is never used otherwise.
 *
 * @returns the images by their name in the plan
 */
export function startImages(plan: BuildPlan, options: MakeOptions): Images {
  const contexts = createContextCache();
  const images = new Map<string, Promise<Image>>();
  for (const { name, recipe } of plan.images) {
    if (recipe.kind === "pull") start(images, name, options.pull(recipe.reference));
  }
  const context = { plan, contexts, ...options };
  // Only time is lost without it.
  const guess = guessImages(context).catch(() => undefined);
  for (const planned of plan.images) {
    if (planned.recipe.kind === "pull") continue;
    const make = async () =>
      (await adopt(planned, await guess, { images, warn: options.warn })) ?? makeImage(planned, { ...context, images });
    start(images, planned.name, make());
  }
  return images;
}

function start(known: Map<string, Promise<Image>>, name: string, image: Promise<Image>): void {
  // Whoever waits for it sees the failure; until then it must not count as unhandled.
  image.catch(() => {});
  known.set(name, image);
}

/** Images that were assembled before it was known what they are on. */
interface Guess {
  readonly images: Images;
  /** Whether they are on what the store knows, and not on empty images. */
  readonly likely: boolean;
  /** Warnings of each image. */
  readonly warnings: ReadonlyMap<string, readonly string[]>;
}

/** @returns undefined when nothing has to be waited for */
async function guessImages(context: Omit<MakeContext, "images"> & MakeOptions): Promise<Guess | undefined> {
  const { plan } = context;
  const expected = new Map<string, Expectation | undefined>();
  for (const { name, recipe } of plan.images) {
    if (recipe.kind === "pull") expected.set(name, await context.expect(recipe.reference));
  }
  if ([...expected.values()].every((one) => one?.sure === true)) return undefined;
  const images = new Map<string, Promise<Image>>();
  const warnings = new Map<string, string[]>();
  // An address may depend on the base's environment: no server is asked for what may never be wanted. And whoever takes
  // something out of a layer sets that aside when it is damaged, which the pull beside this would not know of.
  const refuse = () => Promise.reject(new Error("nothing is fetched or taken out of layers for a guess"));
  const open: Openers = { ...context.open, remote: refuse };
  for (const planned of plan.images) {
    const { name, recipe } = planned;
    if (recipe.kind === "pull") {
      start(images, name, Promise.resolve(expected.get(name)?.image ?? emptyImage(plan.platform)));
    } else {
      const told: string[] = [];
      warnings.set(name, told);
      start(
        images,
        name,
        makeImage(planned, { ...context, images, open, take: refuse, warn: (warning) => told.push(warning) }),
      );
    }
  }
  return { images, warnings, likely: ![...expected.values()].includes(undefined) };
}

/** Takes an image as it was guessed. @returns undefined when it is not known to be right, or failed */
async function adopt(
  { name }: PlannedImage,
  guess: Guess | undefined,
  { images, warn }: { images: Images; warn: MakeContext["warn"] },
): Promise<Image | undefined> {
  if (guess?.likely !== true) return undefined;
  try {
    for (const [pulled, expected] of guess.images) {
      if (!guess.warnings.has(pulled) && !(await isSame(await images.get(pulled)!, await expected))) return undefined;
    }
    const image = await guess.images.get(name)!;
    for (const warning of guess.warnings.get(name)!) warn(warning);
    return image;
  } catch {
    // It is made anew, which tells why.
    return undefined;
  }
}

/** Whether two pulled images are the same one. */
async function isSame(one: Image, other: Image): Promise<boolean> {
  if (Buffer.compare(one.configBytes!, other.configBytes!) !== 0) return false;
  const layersOf = ({ layers }: Image) => Promise.all(layers.map(async ({ record }) => (await record).digest));
  return isDeepStrictEqual(await layersOf(one), await layersOf(other));
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
