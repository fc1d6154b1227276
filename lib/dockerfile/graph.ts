import type { Base, Stage } from "./types.ts";

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

/** The target, the stages it is FROM, and those that one of these copies from, in the order of the file. */
export function neededStages(target: Stage, stages: readonly Stage[]): Stage[] {
  const byName = new Map(stages.flatMap((stage) => (stage.name === undefined ? [] : [[stage.name, stage] as const])));
  const needed = new Set<Stage>();
  const open: (Stage | undefined)[] = [target];
  while (open.length > 0) {
    const stage = open.pop();
    if (stage === undefined || needed.has(stage)) continue;
    needed.add(stage);
    if (stage.from.kind === "stage") open.push(stages[stage.from.index]);
    for (const instruction of stage.instructions) {
      if (instruction.kind !== "copy" || instruction.from === undefined) continue;
      const { from } = instruction;
      open.push(/^\d{1,5}$/.test(from) ? stages[Number(from)] : byName.get(from.toLowerCase()));
    }
  }
  return stages.filter((stage) => needed.has(stage));
}
