import { excerpt, fault } from "./fault.ts";
import type { Base, CopyFrom, CopyInstruction, Stage } from "./types.ts";
import { expandWord } from "./words.ts";

/** What a chain of stages starts from. */
export type Root = Exclude<Base, { kind: "stage" }>;

/** The stages that make the target, in order: each is FROM the one before it, the last one is the target. */
export function chainOf(target: Stage, stages: readonly Stage[]): Stage[] {
  const chain = [target];
  for (let { from } = target; from.kind === "stage"; ) {
    const parent = stages[from.index]!;
    chain.push(parent);
    from = parent.from;
  }
  return chain.reverse();
}

/** What each stage starts from in the end, by its index. A stage is only ever FROM an earlier one. */
export function rootsOf(stages: readonly Stage[]): Root[] {
  const roots: Root[] = [];
  for (const { from } of stages) roots.push(from.kind === "stage" ? roots[from.index]! : from);
  return roots;
}

/**
 * What a COPY copies from; undefined for the build context. As in BuildKit a name in any case is that of a stage, the
 * last one that has it, a number that of a stage, too, and all else a reference.
 *
 * @throws AircrateError input: a variable, a stage that does not stand before this one, a number without a stage
 */
export function copyFromOf({ from, where }: CopyInstruction, { index, context }: Stage): CopyFrom | undefined {
  if (from === undefined) return undefined;
  const { escapeChar, stageCount, stageNames } = context;
  if (expandWord(from, { escapeChar, where, lookup: () => undefined }) !== from) {
    throw fault(where, `COPY --from=${excerpt(from, 40)}: variables are not substituted here`, {
      hint: 'give the image a stage, "FROM IMAGE AS NAME", with an ARG above the first FROM, and write --from=NAME',
    });
  }
  const found = /^[-+]?\d{1,9}$/.test(from) ? Number(from) : stageNames.get(from.toLowerCase());
  if (found === undefined && from !== "scratch") return { kind: "image", reference: from };
  if (found === undefined) throw fault(where, "COPY --from=scratch: there are no files in scratch");
  if (found < 0 || found >= stageCount) {
    throw fault(where, `COPY --from=${from}: there is no such stage`, {
      reason: `the stages of this file have the numbers 0 to ${stageCount - 1}`,
    });
  }
  if (found < index) return { kind: "stage", index: found };
  throw fault(
    where,
    `COPY --from=${from}: that is ${found === index ? "this stage itself" : "a stage below this one"}`,
    {
      hint: "a stage can be copied from where it stands above",
    },
  );
}

/** The images that a stage copies from, in the order of its instructions. @throws AircrateError input */
export function copiedImages(stage: Stage): { readonly reference: string; readonly where: string }[] {
  return copies(stage).flatMap(({ from, where }) =>
    from.kind === "image" ? [{ reference: from.reference, where }] : [],
  );
}

/**
 * The target, the stages it is FROM, and those that one of these copies from, in the order of the file: the target is
 * the last one. @throws AircrateError input
 */
export function neededStages(target: Stage, stages: readonly Stage[]): Stage[] {
  const needed = new Set<Stage>();
  const open = [target];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    for (const source of [stage.from, ...copies(stage).map(({ from }) => from)]) {
      if (source.kind === "stage") open.push(stages[source.index]!);
    }
  }
  return stages.filter((stage) => needed.has(stage));
}

function copies(stage: Stage): { readonly from: CopyFrom; readonly where: string }[] {
  return stage.instructions.flatMap((instruction) => {
    const from = instruction.kind === "copy" ? copyFromOf(instruction, stage) : undefined;
    return from === undefined ? [] : [{ from, where: instruction.where }];
  });
}
