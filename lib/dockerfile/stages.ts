import { didYouMean } from "../suggest.ts";
import { fault } from "./fault.ts";
import { predefinedArgs } from "./globals.ts";
import type {
  ArgInstruction,
  Base,
  Escape,
  FromInstruction,
  Instruction,
  ParseOptions,
  Stage,
  StageContext,
  StageInstruction,
  Warning,
} from "./types.ts";
import { expandWord, MAX_VALUES } from "./words.ts";

interface StageGroup {
  readonly from: FromInstruction;
  readonly instructions: StageInstruction[];
}

export interface StagesRead {
  readonly stages: readonly Stage[];
  readonly warnings: readonly Warning[];
}

/**
 * Forms stages out of the instructions of a file and resolves what they are FROM. FROM sees the predefined arguments
 * and the ARGs above the first FROM, nothing else.
 *
 * @throws AircrateError input
 */
export function readStages(
  instructions: readonly Instruction[],
  escapeChar: Escape,
  options: ParseOptions,
): StagesRead {
  const { args, groups } = group(instructions, options.file);
  const { platform, args: buildArgs = new Map<string, string>() } = options;
  const start = predefinedArgs(platform, options.target?.toLowerCase() ?? groups.at(-1)!.from.name ?? "");
  const globals = readGlobals(args, { start, buildArgs, escapeChar });
  const stageNames = new Map(
    groups.flatMap(({ from }, index) => (from.name === undefined ? [] : [[from.name, index]])),
  );
  const context: StageContext = {
    ...{ escapeChar, platform, globals, buildArgs },
    ...{ stageCount: groups.length, stageNames },
  };
  const budget = { left: MAX_VALUES };
  const warnings: Warning[] = [];
  const byName = new Map<string, number>();
  const stages = groups.map((item, index): Stage => {
    const { where, text, name, platform: wanted } = item.from;
    const from = baseOf(expandFrom(item.from.image, where, { context, budget }), byName);
    if (name !== undefined && byName.has(name)) {
      warnings.push({
        where,
        message: `a stage before this one is called "${name}", too; from here on this one is meant`,
      });
    }
    if (name !== undefined) byName.set(name, index);
    return {
      ...{ index, where, text, from, context, instructions: item.instructions },
      ...(name !== undefined && { name }),
      ...(wanted !== undefined && { platform: expandFrom(wanted, where, { context, budget }) }),
    };
  });
  return { stages, warnings };
}

function group(instructions: readonly Instruction[], file: string) {
  const args: ArgInstruction[] = [];
  const groups: StageGroup[] = [];
  for (const instruction of instructions) {
    const stage = groups.at(-1);
    if (instruction.kind === "from") {
      groups.push({ from: instruction, instructions: [] });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else if (instruction.kind === "arg") {
      args.push(instruction);
    } else {
      const keyword = instruction.text.split(/\s/, 1)[0];
      throw fault(instruction.where, `${keyword} stands before the first FROM`, { hint: "only ARG may stand there" });
    }
  }
  if (groups.length > 0) return { args, groups };
  throw fault(file, "no FROM in this file", { hint: "start it with FROM and a base image, or with FROM scratch" });
}

interface GlobalsSource {
  readonly start: Map<string, string>;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly escapeChar: Escape;
}

function readGlobals(
  args: readonly ArgInstruction[],
  { start, buildArgs, escapeChar }: GlobalsSource,
): Map<string, string> {
  const values = new Map(start);
  const budget = { left: MAX_VALUES };
  const lookup = (name: string) => values.get(name);
  for (const name of start.keys()) values.set(name, buildArgs.get(name) ?? start.get(name)!);
  for (const { entries, where } of args) {
    for (const { name, value } of entries) {
      const given = buildArgs.get(name);
      if (given !== undefined) values.set(name, given);
      else if (value !== undefined) values.set(name, expandWord(value, { escapeChar, where, lookup, budget }));
    }
  }
  return values;
}

function baseOf(reference: string, byName: ReadonlyMap<string, number>): Base {
  const index = byName.get(reference);
  if (index !== undefined) return { kind: "stage", index };
  return reference === "scratch" ? { kind: "scratch" } : { kind: "image", reference };
}

function expandFrom(
  word: string,
  where: string,
  { context: { escapeChar, globals }, budget }: { context: StageContext; budget: { left: number } },
): string {
  const unset: string[] = [];
  const value = expandWord(word, {
    escapeChar,
    where,
    lookup: (name) => globals.get(name),
    budget,
    onUnset: (name) => unset.push(name),
  });
  if (value !== "") return value;
  const [missing] = unset;
  throw fault(where, `${word} is blank`, {
    ...(missing !== undefined && { reason: `${missing} has no value${didYouMean(missing, globals.keys())}` }),
    hint: "FROM sees only what ARG declares above the first FROM: give it a default there, or a build argument",
  });
}
