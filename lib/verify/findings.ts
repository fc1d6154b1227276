import type { Finding } from "../../spec/inspection.ts";

/** Collects what is found; the same finding counts once. */
export interface Findings {
  /** The file is wrong: a reader that matters refuses it or installs something else. */
  problem(where: string, message: string): void;
  /** Something that is legal but that some loaders refuse, or that could not be checked. */
  warning(where: string, message: string): void;
  /** Adds findings that were made elsewhere as problems. */
  problems(findings: readonly Finding[]): void;
  result(): FoundFindings;
}

export interface FoundFindings {
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Findings beyond those that are listed. */
  readonly omitted: number;
}

/** A broken file can have a problem in every member; the first ones tell the story. */
export const MAX_FINDINGS = 100;

/** Names and values come from the file: one line each, and not pages of it. */
const MAX_TEXT = 500;

export function createFindings(): Findings {
  const problems = new Map<string, Finding>();
  const warnings = new Map<string, Finding>();
  let omitted = 0;
  const add = (list: Map<string, Finding>, where: string, message: string) => {
    const finding = { where: printable(where), message: printable(message) };
    const key = `${finding.where}\0${finding.message}`;
    if (list.has(key)) return;
    if (list.size < MAX_FINDINGS) list.set(key, finding);
    else omitted += 1;
  };
  const problem = (where: string, message: string) => add(problems, where, message);
  return {
    problem,
    warning: (where, message) => add(warnings, where, message),
    problems: (findings) => {
      for (const { where, message } of findings) problem(where, message);
    },
    result: () => ({ problems: [...problems.values()], warnings: [...warnings.values()], omitted }),
  };
}

function printable(text: string): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT - 1)}…` : clean;
}
