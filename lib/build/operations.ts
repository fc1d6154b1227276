import path from "node:path";
import type { TreeSource } from "../app/aircrate-yml.ts";
import { type ConfiguredStep, configureStage, environmentOf, inheritConfig } from "../dockerfile/config.ts";
import { evaluateChain } from "../dockerfile/evaluate.ts";
import { expandPorts } from "../dockerfile/ports.ts";
import type { Step } from "../dockerfile/types.ts";
import { AircrateError } from "../error.ts";
import type { Assembly, Operation } from "../image/assemble.ts";
import type { Image } from "../image/image.ts";
import type { Recipe } from "../plan/plan.ts";
import { type BuildContext, openContext, openFolder } from "../tree/context.ts";

/** Build contexts, each opened and listed once in a build. */
export interface ContextCache {
  ofDockerfile(folder: string, name: string, dockerfile: string): BuildContext;
  ofFolder(folder: string): BuildContext;
}

export function createContextCache(): ContextCache {
  const known = new Map<string, BuildContext>();
  const keep = (key: string, open: () => BuildContext): BuildContext => {
    const context = known.get(key) ?? open();
    known.set(key, context);
    return context;
  };
  return {
    ofDockerfile: (folder, name, dockerfile) =>
      keep(`${folder}\0${dockerfile}`, () => openContext(folder, name, dockerfile)),
    ofFolder: (folder) => keep(folder, () => openFolder(folder, ".")),
  };
}

/** What a Dockerfile does to the image that it is FROM. @throws AircrateError input */
export function dockerfileAssembly(
  recipe: Extract<Recipe, { kind: "dockerfile" }>,
  base: Image,
  contexts: ContextCache,
): Assembly & { warnings: string[] } {
  const { dockerfile, dockerfilePath, contextName } = recipe;
  const context = contexts.ofDockerfile(recipe.context, contextName, dockerfilePath);
  let config = inheritConfig(base.config.config, dockerfile.chain[0].where);
  let author: string | undefined;
  const operations: Operation[] = [];
  const warnings: string[] = [];
  for (const stage of evaluateChain(dockerfile.chain, environmentOf(config))) {
    const configured = configureStage(config, stage.steps);
    config = configured.config;
    author = configured.author ?? author;
    operations.push(...configured.steps.map((step) => operationOf(step)));
    warnings.push(...stage.warnings.map(({ where, message }) => `${where}: ${message}`));
  }
  return { operations, config, warnings, ...(author !== undefined && { author }) };

  function operationOf({ step, history, path: target, user }: ConfiguredStep): Operation {
    const { where } = step;
    if (step.kind === "workdir") return { kind: "folder", path: target!, user, where, history };
    // What it does to the files is not put into the layer yet: better no image than one without it.
    if (step.kind === "run") throw new AircrateError("input", `${step.text}: RUN is not supported yet`, { where });
    if (step.kind !== "copy") return { kind: "config", history };
    const { sources, chown, chmod } = step;
    const copy = {
      context,
      sources,
      destination: target!,
      where,
      ...(chown && { owner: chown }),
      ...(chmod !== undefined && { mode: chmod }),
    };
    return { kind: "copy", copies: [copy], history };
  }
}

/** What a description of file trees does to the image that it is from: its layers, then its config. */
export function treeAssembly(
  tree: TreeSource,
  base: Image,
  { where, directory, contexts }: { where: string; directory: string; contexts: ContextCache },
): Assembly {
  const context = contexts.ofFolder(directory);
  const layers: Operation[] = tree.layers.map(({ copies, name }) => ({
    kind: "copy",
    copies: copies.map((copy) => ({
      context,
      sources: [path.relative(directory, copy.path) || "."],
      destination: copy.to,
      where: copy.where,
    })),
    history: {
      created_by: `COPY ${copies.map(({ from, to }) => `${from} ${to}`).join(", ")}`,
      ...(name !== undefined && { comment: name }),
    },
  }));
  const inherited = inheritConfig(base.config.config, where);
  const configured = configureStage(inherited, configSteps(tree.config, where));
  const settings = configured.steps.map(
    ({ step, history, path: target, user }): Operation =>
      step.kind === "workdir" ? { kind: "folder", path: target!, user, where, history } : { kind: "config", history },
  );
  return { operations: [...layers, ...settings], config: configured.config };
}

/** The settings of a tree image as the Dockerfile instructions that do the same. */
function configSteps(config: TreeSource["config"], where: string): Step[] {
  const { env = {}, labels = {}, workdir, user, expose = [], volumes = [], entrypoint, cmd } = config;
  const located = { where, text: "" };
  const steps: Step[] = [];
  if (Object.keys(env).length > 0) steps.push({ ...located, kind: "env", entries: Object.entries(env) });
  if (Object.keys(labels).length > 0) steps.push({ ...located, kind: "label", entries: Object.entries(labels) });
  if (expose.length > 0) {
    steps.push({ ...located, kind: "expose", ports: expose.flatMap((port) => expandPorts(String(port), where)) });
  }
  if (volumes.length > 0) steps.push({ ...located, kind: "volume", paths: volumes });
  if (workdir !== undefined) steps.push({ ...located, kind: "workdir", path: workdir });
  if (user !== undefined) steps.push({ ...located, kind: "user", user });
  if (entrypoint !== undefined)
    steps.push({ ...located, kind: "entrypoint", command: { form: "exec", argv: entrypoint } });
  if (cmd !== undefined) steps.push({ ...located, kind: "cmd", command: { form: "exec", argv: cmd } });
  return steps;
}
