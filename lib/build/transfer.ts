import type { AddStep, CopyFrom, CopyStep } from "../dockerfile/types.ts";
import type { Operation } from "../image/assemble.ts";
import type { CopySource } from "../image/copy.ts";
import type { Image } from "../image/image.ts";
import { imageTree } from "../image/image-tree.ts";
import { patternRules } from "../tree/dockerignore.ts";
import type { SourceTree } from "../tree/source.ts";
import { textTree } from "../tree/texts.ts";
import type { Openers } from "./make.ts";
import { addSources } from "./sources.ts";

/** What a COPY or ADD may take from. */
export interface TransferContext {
  /** The build context. */
  readonly context: SourceTree;
  readonly open: Openers;
  readonly image: (from: CopyFrom) => Promise<{ readonly name: string; readonly image: Image }>;
}

type CopyOperation = Omit<Extract<Operation, { kind: "copy" }>, "where" | "history">;

/** @param destination absolute, as ConfiguredStep has it */
export async function transferOperation(
  step: CopyStep | AddStep,
  destination: string,
  { context, image, open }: TransferContext,
): Promise<CopyOperation> {
  const { texts, where, chown, chmod, excludes } = step;
  const from = step.kind === "copy" ? step.from : undefined;
  const named = from === undefined ? undefined : await image(from);
  const root = await named?.image.root();
  const written = textTree(texts);
  const inline: CopySource[] = texts.map(({ name }) => ({ tree: written, pattern: name }));
  const rest = {
    destination,
    where,
    ...(step.link && { link: true }),
    ...(chown && { owner: chown }),
    ...(chmod && { mode: chmod }),
    ...(excludes.length > 0 && { choice: { excludes: patternRules(excludes, where).excludes } }),
    ...(step.kind === "copy" && step.parents && { parents: true }),
  };
  const added = step.kind === "add" ? await addSources(step, context, open) : undefined;
  return {
    kind: "copy",
    copies(known) {
      const tree = root === undefined ? context : imageTree(root, named!.name, known);
      const sources = added ?? step.sources.map((pattern) => ({ tree, pattern }));
      return [{ ...rest, sources: [...sources, ...inline] }];
    },
  };
}
