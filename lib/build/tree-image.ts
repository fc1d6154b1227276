import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { configureStage, inheritConfig } from "../dockerfile/config.ts";
import { expandPorts } from "../dockerfile/ports.ts";
import type { Step } from "../dockerfile/types.ts";
import { assembleImage, type Operation } from "../image/assemble.ts";
import { emptyImage, type Image } from "../image/image.ts";
import type { MakeContext, TreeRecipe } from "./make.ts";

/** Makes an image that is described as file trees on another one: its layers, then its config. @throws AircrateError input */
export async function makeTreeImage(recipe: TreeRecipe, where: string, context: MakeContext): Promise<Image> {
  const { from, tree } = recipe;
  const base = from.kind === "scratch" ? emptyImage(context.plan.platform) : await context.images.get(from.name)!;
  // As in the stages of a Dockerfile.
  await base.root();
  await setImmediate();
  const inherited = inheritConfig(base.config.config, where);
  const { config, steps } = configureStage(inherited, configSteps(tree.config, where));
  const settings = steps.map(
    ({ step, history, path: target, user }): Operation =>
      step.kind === "workdir" ? { kind: "folder", path: target!, user, where, history } : { kind: "config", history },
  );
  return assembleImage(base, { operations: [...layerOperations(recipe, context), ...settings], config }, context);
}

function layerOperations({ tree }: TreeRecipe, { plan, contexts }: MakeContext): Operation[] {
  const { directory } = plan;
  const context = contexts.ofFolder(directory);
  return tree.layers.map(({ copies, name, where }) => ({
    kind: "copy",
    where,
    copies: () =>
      copies.map((copy) => ({
        sources: [{ tree: context, pattern: path.relative(directory, copy.path) || "." }],
        destination: copy.to,
        where: copy.where,
      })),
    history: {
      created_by: `COPY ${copies.map(({ from, to }) => `${from} ${to}`).join(", ")}`,
      ...(name !== undefined && { comment: name }),
    },
  }));
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
