import { environmentOf, inheritConfig } from "../dockerfile/config.ts";
import {
  fetchesFiles,
  type KnownEnvironment,
  type RemoteFile,
  remoteFilesOf,
  type StageFiles,
} from "../dockerfile/remote-files.ts";
import type { BuildPlan, Origin, Recipe } from "./plan.ts";

/** Environments of images that are pulled, by their name in the plan. */
export type Environments = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * The remote files that a plan needs, in its order, each checksum once. A Dockerfile may take URL and checksum from the
 * environment of its base: what depends on one that is not given is left open, and `base` names the image.
 *
 * @throws AircrateError input when the variables of a Dockerfile cannot be substituted
 */
export function plannedFiles(plan: BuildPlan, environments: Environments = new Map()): RemoteFile[] {
  const stagesOf = createEvaluation(plan, environments);
  const found = plan.images.flatMap(({ name, recipe }): readonly RemoteFile[] => {
    if (recipe.kind === "tree") return filesOfTree(recipe);
    if (recipe.kind === "pull" || !recipe.dockerfile.needed.some(fetchesFiles)) return [];
    return stagesOf(name, recipe).flatMap(({ files }) => files);
  });
  const files = new Map<string, RemoteFile>();
  for (const file of found) {
    const key = file.checksum ?? `${file.where}\n${file.base}`;
    const known = files.get(key);
    if (known === undefined) files.set(key, file);
    // Of several addresses the first one that is known.
    else if (known.url === undefined && file.url !== undefined) files.set(key, { ...file, where: known.where });
  }
  return [...files.values()];
}

function filesOfTree({ tree }: Extract<Recipe, { kind: "tree" }>): RemoteFile[] {
  return tree.layers.flatMap(({ copies }) =>
    copies.flatMap(({ source, where }) =>
      source.kind === "url" ? [{ where, url: source.url, checksum: source.checksum }] : [],
    ),
  );
}

type DockerfileRecipe = Extract<Recipe, { kind: "dockerfile" }>;

/** Evaluates what of a plan decides on environments, each Dockerfile at most once. */
function createEvaluation(plan: BuildPlan, environments: Environments) {
  const recipes = new Map(plan.images.map(({ name, recipe }) => [name, recipe]));
  const known = new Map<string, readonly StageFiles[]>();

  function environment(origin: Origin, where: string): KnownEnvironment {
    if (origin.kind === "scratch") return { values: environmentOf(inheritConfig(undefined, where)) };
    const { name } = origin;
    const recipe = recipes.get(name)!;
    if (recipe.kind === "dockerfile") return stagesOf(name, recipe).at(-1)!.environment;
    if (recipe.kind === "tree") {
      const { values, ...rest } = environment(recipe.from, where);
      return { ...rest, values: new Map([...values, ...Object.entries(recipe.tree.config.env ?? {})]) };
    }
    const values = environments.get(name);
    return values === undefined ? { values: new Map(), base: name } : { values };
  }

  /** What the stages come to that a Dockerfile needs: the last one is the target. */
  function stagesOf(name: string, { dockerfile, origins }: DockerfileRecipe): readonly StageFiles[] {
    const before = known.get(name);
    if (before !== undefined) return before;
    const evaluated = new Map<number, StageFiles>();
    for (const stage of dockerfile.needed) {
      const parent = stage.from.kind === "stage" ? evaluated.get(stage.from.index) : undefined;
      const base = parent?.environment ?? environment(origins.get(stage.index)!, stage.where);
      evaluated.set(stage.index, remoteFilesOf(stage, base, parent));
    }
    const result = [...evaluated.values()];
    known.set(name, result);
    return result;
  }

  return stagesOf;
}
