import { requireRoot, type Skippable } from "./tools.ts";

const NOBODY = 65_534;

/**
 * Calls a function that does its work at once with the rights of a user who owns nothing: root may read everything.
 * Undefined when the test has been skipped.
 */
export function asNobody<T>(t: Skippable, call: () => T): T | undefined {
  if (!requireRoot(t)) return undefined;
  process.seteuid?.(NOBODY);
  try {
    return call();
  } finally {
    process.seteuid?.(0);
  }
}
