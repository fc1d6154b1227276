/** What `aircrate check --json` prints: scripts go by it. */
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TRAPS } from "./traps.ts";

const TrapNumber = Type.Union(Object.keys(TRAPS).map((code): TSchema => Type.Literal(code)));

export const CheckFinding = Type.Object({
  /** A `problem` is what `build` would refuse, or with `--strict` a warning, too. */
  severity: Type.Union([Type.Literal("problem"), Type.Literal("warning")]),
  /** Number of the documented trap, when it is one. */
  code: Type.Optional(Type.Unsafe<keyof typeof TRAPS>(TrapNumber)),
  /** `file:line`, or the file or image that it is about. */
  where: Type.Optional(Type.String()),
  /** What is wrong. */
  message: Type.String(),
  /** Why, one string a line. */
  reason: Type.Array(Type.String()),
  /** What to do, one string a line. */
  hint: Type.Array(Type.String()),
});
export type CheckFinding = Static<typeof CheckFinding>;

export const CheckReport = Type.Object({
  version: Type.Literal(1),
  project: Type.String(),
  strict: Type.Boolean(),
  /** File by file, in the order of their lines. */
  findings: Type.Array(CheckFinding),
  problems: Type.Integer(),
  warnings: Type.Integer(),
});
export type CheckReport = Static<typeof CheckReport>;
