import path from "node:path";
import { configureStage, environmentOf, inheritConfig } from "../dockerfile/config.ts";
import { type EvaluatedStage, evaluateStage } from "../dockerfile/evaluate.ts";
import { remoteKind } from "../dockerfile/remote.ts";
import type { Stage, StageInstruction } from "../dockerfile/types.ts";
import { AircrateError, type Problem } from "../error.ts";
import type { BuildPlan, Origin, Recipe } from "../plan/plan.ts";
import { openContext, openFolder } from "../tree/context.ts";
import type { SourceTree } from "../tree/source.ts";
import type { StoredConfigs } from "./stored.ts";

type DockerfileRecipe = Extract<Recipe, { kind: "dockerfile" }>;
type TreeRecipe = Extract<Recipe, { kind: "tree" }>;

/** What a stage comes to; without `environment` that of its base is not known. */
interface Checked extends Pick<EvaluatedStage, "variables" | "declared"> {
  readonly environment?: ReadonlyMap<string, string>;
}

const NOTHING: Checked = { variables: new Map(), declared: new Map() };

/**
 * Does what a build does with Dockerfiles and the files that they copy, except for what needs the content of a base:
 * instructions are substituted and evaluated, sources have to exist and be of a kind that can be packed. Where the
 * environment of a base is not known, instructions with variables are passed over.
 *
 * @param onFault takes what is wrong with a stage or with one instruction
 * @returns warnings
 */
export async function checkSources(
  plan: BuildPlan,
  stored: StoredConfigs,
  onFault: (fault: AircrateError) => void,
): Promise<Problem[]> {
  const warnings: Problem[] = [];
  /** Environments of the images of the plan, as far as they are known. */
  const environments = new Map<string, ReadonlyMap<string, string>>();
  const attempt = <T>(step: () => T): T | undefined => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof AircrateError)) throw error;
      onFault(error);
      return undefined;
    }
  };

  function environmentOfOrigin(origin: Origin, where: string): ReadonlyMap<string, string> | undefined {
    return origin.kind === "scratch" ? environmentOf(inheritConfig(undefined, where)) : environments.get(origin.name);
  }

  function checkStage(stage: Stage, before: Checked, tree: SourceTree | undefined): Checked {
    const { instructions, where } = stage;
    const known = before.environment;
    const evaluated =
      known === undefined && !instructions.every(isIndependent)
        ? undefined
        : attempt(() => evaluateStage(stage, known ?? new Map(), before));
    if (evaluated === undefined) {
      for (const instruction of instructions.filter(isIndependent)) {
        const one = { ...stage, instructions: [instruction] };
        attempt(() => checkSteps(evaluateStage(one, new Map(), NOTHING), tree));
      }
      return NOTHING;
    }
    for (const { where, message } of evaluated.warnings) warnings.push({ where, what: message });
    attempt(() => configureStage(inheritConfig(undefined, where), evaluated.steps));
    checkSteps(evaluated, tree);
    const { env, variables, declared } = evaluated;
    return known === undefined ? NOTHING : { environment: env, variables, declared };
  }

  function checkSteps({ steps }: EvaluatedStage, tree: SourceTree | undefined): void {
    for (const step of steps) {
      const local = (step.kind === "copy" && step.from === undefined && !step.parents) || step.kind === "add";
      if (!local || tree === undefined) continue;
      for (const source of step.sources) {
        if (remoteKind(source) === undefined) attempt(() => checkSource(tree, source, step.where));
      }
    }
  }

  function checkDockerfile(name: string, recipe: DockerfileRecipe): void {
    const { dockerfile, origins, context, contextName, dockerfilePath } = recipe;
    const tree = attempt(() => openContext(context, contextName, dockerfilePath));
    const stages = new Map<number, Checked>();
    for (const stage of dockerfile.needed) {
      const { from, index, where } = stage;
      const parent = from.kind === "stage" ? stages.get(from.index) : undefined;
      const environment = parent?.environment ?? (parent ? undefined : environmentOfOrigin(origins.get(index)!, where));
      const before = { ...(parent ?? NOTHING), ...(environment !== undefined && { environment }) };
      stages.set(index, checkStage(stage, before, tree));
    }
    const { environment } = stages.get(dockerfile.target.index)!;
    if (environment !== undefined) environments.set(name, environment);
  }

  function checkTree(name: string, where: string, { from, tree }: TreeRecipe): void {
    const folder = openFolder(plan.directory, plan.name);
    for (const { source, where } of tree.layers.flatMap(({ copies }) => copies)) {
      if (source.kind !== "path" && source.kind !== "archive") continue;
      const relative = path.relative(plan.directory, source.path) || ".";
      attempt(() => checkSource(folder, relative, where));
    }
    const before = environmentOfOrigin(from, where);
    if (before !== undefined) environments.set(name, new Map([...before, ...Object.entries(tree.config.env ?? {})]));
  }

  for (const { name, recipe, where } of plan.images) {
    if (recipe.kind === "dockerfile") checkDockerfile(name, recipe);
    else if (recipe.kind === "tree") checkTree(name, where, recipe);
    else {
      const config = stored.get(name)?.config;
      if (config) attempt(() => environments.set(name, environmentOf(inheritConfig(config, where))));
    }
  }
  return warnings;
}

/** Without variables the environment makes no difference. */
function isIndependent(instruction: StageInstruction): boolean {
  return !JSON.stringify(instruction).includes("$");
}

/** @throws AircrateError input when nothing is there, or something that cannot be packed */
function checkSource(tree: SourceTree, source: string, where: string): void {
  for (const item of tree.select(source, where)) if (item.kind === "directory") tree.walk(item, where);
}
