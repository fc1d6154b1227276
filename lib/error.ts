import type { Finding } from "../spec/inspection.ts";
import type { TrapCode } from "../spec/traps.ts";

/**
 * What kind of fault an error is. Each has one documented exit status, so that scripts can branch on it without
 * reading the text.
 */
export type Fault = "internal" | "usage" | "input" | "unreachable" | "forbidden" | "integrity" | "refused" | "device";

/** Exit status of the process per fault; 0 is success. */
export const EXIT_STATUS: Readonly<Record<Fault, number>> = {
  internal: 1,
  usage: 2,
  input: 3,
  unreachable: 4,
  forbidden: 5,
  integrity: 6,
  refused: 7,
  device: 8,
};

/** Exit status of who was asked whether two things differ, and they do; no fault. */
export const STATUS_DIFFERENT = 9;

/** One thing that is wrong. */
export interface Problem {
  readonly where?: string;
  readonly what: string;
  /** One string a line. */
  readonly reason?: readonly string[];
  /** One string a line. */
  readonly hint?: readonly string[];
  /** The documented trap that it is. */
  readonly trap?: TrapCode;
}

export interface ErrorDetail {
  /** File, `file:line`, reference, registry or blob that the error is about. */
  readonly where?: string;
  /** Why it failed, when the first line does not say it already. One string a line. */
  readonly reason?: string | readonly string[];
  /** What the user can do next. One string a line. */
  readonly hint?: string | readonly string[];
  readonly cause?: unknown;
  /** When one error tells of several things that are wrong: each of them. */
  readonly problems?: readonly Problem[];
}

/**
 * The one error class of the library. `message` is a single line, `where: what`; reason and hint are printed below it.
 * Never put a credential, a token or a URL query into any of its fields.
 */
export class AircrateError extends Error {
  override readonly name = "AircrateError";
  readonly fault: Fault;
  /** The first line without `where`. */
  readonly what: string;
  readonly where: string | undefined;
  readonly reason: readonly string[];
  readonly hint: readonly string[];
  /** Each thing that is wrong by itself, for programs: what `reason` and `hint` tell together. */
  readonly problems: readonly Problem[];

  constructor(fault: Fault, what: string, detail: ErrorDetail = {}) {
    super(
      detail.where === undefined ? what : `${detail.where}: ${what}`,
      detail.cause === undefined ? undefined : { cause: detail.cause },
    );
    this.fault = fault;
    this.what = what;
    this.where = detail.where;
    this.reason = lines(detail.reason);
    this.hint = lines(detail.hint);
    const { where } = detail;
    this.problems = detail.problems ?? [
      { ...(where !== undefined && { where }), what, reason: this.reason, hint: this.hint },
    ];
  }
}

/** A problem on one line: `where: what`. */
export function problemLine({ where, what }: Problem): string {
  return where === undefined ? what : `${where}: ${what}`;
}

/** A finding on one line: `where: message`. */
export function findingLine({ where, message }: Finding): string {
  return `${where}: ${message}`;
}

function lines(text: string | readonly string[] | undefined): readonly string[] {
  if (text === undefined) return [];
  return typeof text === "string" ? [text] : text;
}

/** The `code` of a Node system error (`ENOENT`, `ECONNREFUSED` …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
