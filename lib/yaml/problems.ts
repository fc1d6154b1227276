import { AircrateError } from "../error.ts";

/** One thing that is wrong in a YAML file. */
export interface YamlProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
  /** What to do, when the message does not say it. */
  readonly hint?: string;
}

/** More are counted, not listed. */
const MAX_LISTED = 50;

/**
 * All problems of a file as one error: it stands at the first line that has one, and when there are several they are
 * its reason, one a line, in the order of the file.
 */
export function problemsError(file: string, problems: readonly YamlProblem[]): AircrateError {
  // What is merged in several times is wrong several times, but only one thing to mend.
  const unique = new Map(problems.map((problem) => [`${problem.line} ${problem.message}`, problem]));
  const sorted = [...unique.values()].sort((a, b) => a.line - b.line);
  const first = sorted[0];
  if (first === undefined) throw new Error(`${file}: no problem to report`);
  const lines = sorted.slice(0, MAX_LISTED).map(({ line, message }) => `${file}:${line}: ${message}`);
  if (sorted.length > MAX_LISTED) lines.push(`and ${sorted.length - MAX_LISTED} more`);
  const hints = new Set(sorted.flatMap(({ hint }) => hint ?? []));
  return new AircrateError("input", first.message, {
    where: `${file}:${first.line}`,
    reason: sorted.length === 1 ? [] : lines,
    hint: [...hints].slice(0, MAX_LISTED),
  });
}
