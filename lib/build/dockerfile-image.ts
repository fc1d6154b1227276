import { setImmediate } from "node:timers/promises";
import { type ConfiguredStep, configureStage, environmentOf, inheritConfig } from "../dockerfile/config.ts";
import { type EvaluatedStage, evaluateStage } from "../dockerfile/evaluate.ts";
import type { Stage } from "../dockerfile/types.ts";
import { assembleImage, type Operation } from "../image/assemble.ts";
import { emptyImage, type Image } from "../image/image.ts";
import type { LayerBuilder } from "../layer/builder.ts";
import type { DockerfileRecipe, MakeContext } from "./make.ts";
import { type TransferContext, transferOperation } from "./transfer.ts";

/** A stage that was made, and what the stages FROM it go on with. */
interface MadeStage {
  readonly image: Image;
  readonly evaluated: EvaluatedStage;
}

/**
 * Makes the image of a Dockerfile: each stage that its target needs, on what it is FROM. Layers of stages that are only
 * copied from go nowhere, so they are not packed.
 *
 * @throws AircrateError input
 */
export async function makeDockerfileImage(recipe: DockerfileRecipe, context: MakeContext): Promise<Image> {
  const { dockerfile } = recipe;
  const packed = new Set(dockerfile.chain);
  const stages = new Map<number, MadeStage>();
  for (const stage of dockerfile.needed) {
    const buildLayer = packed.has(stage) ? context.buildLayer : NEVER_PACKED;
    stages.set(stage.index, await makeStage(stage, recipe, { ...context, buildLayer, stages }));
  }
  return stages.get(dockerfile.target.index)!.image;
}

interface StageContext extends MakeContext {
  readonly stages: ReadonlyMap<number, MadeStage>;
}

async function makeStage(stage: Stage, recipe: DockerfileRecipe, context: StageContext): Promise<MadeStage> {
  const { stages, warn } = context;
  const base = await baseOf(stage, recipe, context);
  // Nothing is read before the names in the base are known: the guess, whose base is empty, comes first.
  await base.root();
  // Listing a tree keeps the thread busy: requests that are under way get their turn in between.
  await setImmediate();
  const inherited = inheritConfig(base.config.config, stage.where);
  const parent = stage.from.kind === "stage" ? stages.get(stage.from.index)!.evaluated : undefined;
  const evaluated = evaluateStage(stage, parent?.env ?? environmentOf(inherited), parent);
  for (const { where, message } of evaluated.warnings) warn(`${where}: ${message}`);
  const { config, steps, author } = configureStage(inherited, evaluated.steps);
  const { dockerfilePath, contextName } = recipe;
  const transfer: TransferContext = {
    context: context.contexts.ofDockerfile(recipe.context, contextName, dockerfilePath),
    open: context.open,
    async image(from) {
      if (from.kind === "image")
        return { name: from.reference, image: await context.images.get(recipe.sources.get(from.reference)!)! };
      const { name } = recipe.dockerfile.stages[from.index]!;
      return { name: `stage ${name ?? from.index}`, image: stages.get(from.index)!.image };
    },
  };
  const operations: Operation[] = [];
  for (const step of steps) operations.push(await operationOf(step, transfer));
  return {
    image: await assembleImage(base, { operations, config, ...(author !== undefined && { author }) }, context),
    evaluated,
  };
}

async function baseOf(stage: Stage, recipe: DockerfileRecipe, { plan, images, stages }: StageContext): Promise<Image> {
  if (stage.from.kind === "stage") return stages.get(stage.from.index)!.image;
  const origin = recipe.origins.get(stage.index)!;
  return origin.kind === "scratch" ? emptyImage(plan.platform) : images.get(origin.name)!;
}

async function operationOf(configured: ConfiguredStep, transfer: TransferContext): Promise<Operation> {
  const { step, history, path, user } = configured;
  const { where } = step;
  switch (step.kind) {
    case "copy":
    case "add":
      return { where, history, ...(await transferOperation(step, path!, transfer)) };
    case "run":
      return { kind: "edit", commands: step.commands, folder: path!, user, where, history };
    case "workdir":
      return { kind: "folder", path: path!, user, where, history };
    default:
      return { kind: "config", history };
  }
}

const NEVER_PACKED: LayerBuilder = () => {
  const record = Promise.reject(new Error("a layer of a stage that is only copied from"));
  record.catch(() => {});
  return record;
};
