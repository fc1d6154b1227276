import path from "node:path";
import { setImmediate } from "node:timers/promises";
import type { TreeSource } from "../app/aircrate-yml.ts";
import type { TreeCopySource } from "../app/tree-copy.ts";
import { CAPABILITY_XATTR } from "../capabilities.ts";
import { configureStage, inheritConfig } from "../dockerfile/config.ts";
import { expandPorts } from "../dockerfile/ports.ts";
import type { EditCommand, Step } from "../dockerfile/types.ts";
import { type AssembledCopy, assembleImage, type Operation } from "../image/assemble.ts";
import { type Choice, compilePattern } from "../image/choose.ts";
import type { CopySource } from "../image/copy.ts";
import { emptyImage, type Image } from "../image/image.ts";
import { imageTree } from "../image/image-tree.ts";
import type { Known } from "../image/materials.ts";
import { ownerOfUser } from "../image/owner.ts";
import { patternRules } from "../tree/dockerignore.ts";
import type { MakeContext, TreeRecipe } from "./make.ts";
import { remoteSource } from "./sources.ts";

/** Makes an image that is described as file trees on another one: its layers, then its config. @throws AircrateError input */
export async function makeTreeImage(recipe: TreeRecipe, where: string, context: MakeContext): Promise<Image> {
  const { from, tree } = recipe;
  const base = from.kind === "scratch" ? emptyImage(context.plan.platform) : await context.images.get(from.name)!;
  // As in the stages of a Dockerfile.
  await base.root();
  await setImmediate();
  const inherited = inheritConfig(base.config.config, where);
  const { config, steps } = configureStage(inherited, configSteps(tree.config, where));
  const operations: Operation[] = [];
  if (tree.remove.length > 0) {
    const history = { created_by: `REMOVE ${tree.remove.join(" ")}` };
    operations.push({ kind: "edit", commands: [removal(tree.remove)], user: "", folder: "/", where, history });
  }
  for (const layer of tree.layers) operations.push(await layerOperation(layer, recipe, context));
  for (const { step, history, path: target, user } of steps) {
    if (step.kind === "workdir") operations.push({ kind: "folder", path: target!, user, where, history });
    else operations.push({ kind: "config", history });
  }
  return assembleImage(base, { operations, config }, context);
}

async function layerOperation(
  { copies, name, where }: TreeSource["layers"][number],
  recipe: TreeRecipe,
  context: MakeContext,
): Promise<Operation> {
  const opened: ((known: Known) => AssembledCopy)[] = [];
  for (const copy of copies) opened.push(await openCopy(copy, recipe, context));
  return {
    kind: "copy",
    where,
    copies: (known) => opened.map((open) => open(known)),
    history: {
      created_by: copies.map(({ text }) => text).join(", "),
      ...(name !== undefined && { comment: name }),
    },
  };
}

async function openCopy(
  copy: TreeCopySource,
  recipe: TreeRecipe,
  context: MakeContext,
): Promise<(known: Known) => AssembledCopy> {
  const { to, where, owner, chmod, capabilities } = copy;
  const open = await openSource(copy, recipe, context);
  const choice = choiceOf(copy);
  return (known) => ({
    ...{ sources: [open(known)], destination: to, where },
    ...(owner !== undefined && { owner: ownerOfUser(owner) }),
    ...(chmod !== undefined && { mode: chmod }),
    ...(choice !== undefined && { choice }),
    ...(capabilities !== undefined && { xattrs: new Map([[CAPABILITY_XATTR, capabilities]]) }),
  });
}

async function openSource(
  { source, where }: TreeCopySource,
  { sources }: TreeRecipe,
  context: MakeContext,
): Promise<(known: Known) => CopySource> {
  const { plan, contexts, images } = context;
  switch (source.kind) {
    case "path": {
      const pattern = path.relative(plan.directory, source.path) || ".";
      return () => ({ tree: contexts.ofFolder(plan.directory), pattern });
    }
    case "image": {
      const root = await (await images.get(sources.get(source.image)!)!).root();
      return (known) => ({ tree: imageTree(root, source.image, known), pattern: source.path });
    }
    case "archive": {
      const name = path.join(plan.name, path.relative(plan.directory, source.path));
      const items = await context.open.archive(source.path, name, where);
      return () => ({ archive: name, items });
    }
    case "url": {
      const remote = await remoteSource(source, where, context.open);
      return () => remote;
    }
  }
}

function choiceOf({ include, exclude, rename, where }: TreeCopySource): Choice | undefined {
  if (include.length + exclude.length + rename.size === 0) return undefined;
  const patterns = include.map((pattern) => compilePattern(path.posix.normalize(pattern).replace(/\/$/, ""), where));
  return {
    ...(include.length > 0 && { includes: (found: string) => patterns.some((matches) => matches(found)) }),
    ...(exclude.length > 0 && { excludes: patternRules(exclude, where).excludes }),
    ...(rename.size > 0 && { rename }),
  };
}

/** Paths that an image is without, as the command that removes them. A pattern without a match is an error. */
function removal(paths: readonly string[]): EditCommand {
  const words = paths.map((text) => ({
    text,
    ...(/[*?[]/.test(text) && {
      parts: text.split("/").map((part) => ({ text: part, ...(/[*?[]/.test(part) && { glob: part }) })),
    }),
  }));
  const text = `remove: [${paths.join(", ")}]`;
  return { kind: "rm", name: "remove", text, paths: words, recursive: true, force: false, folders: false };
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
