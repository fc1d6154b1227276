import type { AssembleOptions } from "../image/assemble.ts";
import type { Image } from "../image/image.ts";
import type { BuildPlan, Recipe } from "../plan/plan.ts";
import type { ContextCache } from "./contexts.ts";

/** What an image is made with, whichever front end describes it. */
export interface MakeContext extends AssembleOptions {
  readonly plan: BuildPlan;
  readonly contexts: ContextCache;
  /** The images of the plan by their name: those that one is built on or copies from come before it. */
  readonly images: ReadonlyMap<string, Promise<Image>>;
  readonly warn: (warning: string) => void;
}

export type DockerfileRecipe = Extract<Recipe, { kind: "dockerfile" }>;
export type TreeRecipe = Extract<Recipe, { kind: "tree" }>;
