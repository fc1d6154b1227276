import type { TrapCode } from "../../spec/traps.ts";
import { AircrateError, type Problem } from "../error.ts";

/** One thing that is wrong in a YAML file. */
export interface YamlProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
  /** What to do, when the message does not say it. */
  readonly hint?: string;
  /** The documented trap that it is. */
  readonly trap?: TrapCode;
}

/** More are counted, not listed. */
const MAX_LISTED = 50;

/**
 * All problems of a file as one error, in the order of the file: the first one is what and where, the others are its
 * reason, one a line.
 */
export function problemsError(file: string, problems: readonly YamlProblem[]): AircrateError {
  // What is merged in several times is wrong several times, but only one thing to mend.
  const unique = new Map(problems.map((problem) => [`${problem.line} ${problem.message}`, problem]));
  const sorted = [...unique.values()].sort((a, b) => a.line - b.line);
  const first = sorted[0];
  if (first === undefined) throw new Error(`${file}: no problem to report`);
  const others = sorted.slice(1);
  const lines = others.slice(0, MAX_LISTED).map(({ line, message }) => `${file}:${line}: ${message}`);
  if (others.length > MAX_LISTED) lines.push(`and ${others.length - MAX_LISTED} more`);
  const hints = new Set(sorted.flatMap(({ hint }) => hint ?? []));
  return new AircrateError("input", first.message, {
    where: `${file}:${first.line}`,
    reason: lines,
    hint: [...hints].slice(0, MAX_LISTED),
    problems: sorted.map((problem) => placedProblem(file, problem)),
  });
}

/** A problem with the file that it stands in. */
export function placedProblem(file: string, { line, message, hint, trap }: YamlProblem): Problem {
  return {
    ...{ where: `${file}:${line}`, what: message },
    ...(hint !== undefined && { hint: [hint] }),
    ...(trap !== undefined && { trap }),
  };
}
