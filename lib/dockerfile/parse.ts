import { didYouMean, suggest } from "../suggest.ts";
import type { Directives } from "./directives.ts";
import { fault } from "./fault.ts";
import { isBuilderArg, predefinedArgs } from "./globals.ts";
import { chainOf, neededStages, type Root, rootsOf } from "./graph.ts";
import { readInstruction } from "./instruction.ts";
import { readLines } from "./lines.ts";
import { platformRefusal, type Refusal, refusalOf, refusedError } from "./refuse.ts";
import { readStages } from "./stages.ts";
import type { Instruction, ParseOptions, Stage, Warning } from "./types.ts";

/** A Dockerfile, read as far as that is possible without the base image. */
export interface DockerfilePlan {
  readonly file: string;
  readonly directives: Directives;
  /** All stages in order, also those that the target does not need. */
  readonly stages: readonly Stage[];
  readonly target: Stage;
  /** What is built in all, in the order of the file: the chain, and the stages that one of these copies from. */
  readonly needed: readonly Stage[];
  /** How the target comes about, in order: the first stage is FROM `base`, each other one from the one before, the last is the target. */
  readonly chain: readonly [Stage, ...Stage[]];
  /** What the chain starts from: an image or nothing. */
  readonly base: Root;
  readonly warnings: readonly Warning[];
}

/**
 * Reads a Dockerfile: its form, its stages and what they are FROM. The words of the instructions keep their variables,
 * since `ENV PATH=$PATH:/app` needs the environment of the base image: `evaluateChain` substitutes them.
 *
 * Stages that the target does not need may hold what is not supported. In the others all such instructions are
 * collected into one error, so that a Dockerfile is rewritten once and not line by line.
 *
 * @param text the file, decoded from UTF-8
 * @throws AircrateError input at `file:line`
 */
export function parseDockerfile(text: string, options: ParseOptions): DockerfilePlan {
  const { file } = options;
  const { directives, lines } = readLines(text, file);
  const instructions = lines.map((line) => readInstruction(line, directives.escapeChar, file));
  const { stages, warnings } = readStages(instructions, directives.escapeChar, options);
  const target = findTarget(stages, options);
  const needed = neededStages(target, stages);
  refuse(needed, stages);
  const [first, ...others] = chainOf(target, stages);
  return {
    ...{ file, directives, stages, target, needed },
    chain: [first!, ...others],
    base: rootsOf(stages)[target.index]!,
    warnings: [...warnings, ...unusedArgs(instructions, options)],
  };
}

function findTarget(stages: readonly Stage[], { target, file }: ParseOptions): Stage {
  if (target === undefined) return stages.at(-1)!;
  const found = stages.findLast(({ name }) => name === target.toLowerCase());
  if (found !== undefined) return found;
  const names = stages.flatMap(({ name }) => name ?? []);
  const meant = suggest(target, names);
  throw fault(file, `no stage has the name "${target}"`, {
    reason: names.length === 0 ? "no stage of this file has a name" : `the stages are ${names.join(", ")}`,
    ...(meant !== undefined && { hint: `did you mean ${meant}?` }),
  });
}

function refuse(needed: readonly Stage[], stages: readonly Stage[]): void {
  const roots = rootsOf(stages);
  const refusals: Refusal[] = [];
  for (const stage of needed) {
    const root = roots[stage.index]!;
    const setting = { platform: stage.context.platform, base: root.kind === "image" ? root.reference : "" };
    refusals.push(...platformRefusal(stage));
    for (const instruction of stage.instructions) refusals.push(...refusalOf(instruction, setting));
  }
  const [first, ...others] = refusals;
  if (first !== undefined) throw refusedError([first, ...others]);
}

function unusedArgs(
  instructions: readonly Instruction[],
  { args = new Map(), file, platform }: ParseOptions,
): Warning[] {
  const declared = new Set(
    instructions.flatMap((item) => (item.kind === "arg" ? item.entries.map(({ name }) => name) : [])),
  );
  const predefined = predefinedArgs(platform, "");
  return [...args.keys()]
    .filter((name) => !declared.has(name) && !predefined.has(name) && !isBuilderArg(name))
    .map((name) => ({
      where: file,
      message: `the build argument ${name} is given, but no ARG declares it${didYouMean(name, declared)}`,
    }));
}
