import assert from "node:assert/strict";
import { inspect } from "node:util";
import { AircrateError, type Fault } from "../../lib/error.ts";

/** All that an error tells, the lines a user sees and those of a stack trace with its causes. */
export function allText(error: AircrateError): string {
  return [error.message, ...error.reason, ...error.hint, inspect(error, { depth: 10 })].join("\n");
}

/** The lines that a user sees. */
export function shownText(error: AircrateError): string {
  return [error.message, ...error.reason, ...error.hint].join("\n");
}

/** The error must be the library's own, of that fault, and what it shows must match every pattern. */
export function assertFault(error: unknown, fault: Fault, ...patterns: readonly RegExp[]): AircrateError {
  assert.ok(error instanceof AircrateError, `not an AircrateError: ${inspect(error)}`);
  assert.equal(error.fault, fault, shownText(error));
  assert.ok(!error.message.includes("\n"), "the first line is one line");
  for (const pattern of patterns) assert.match(shownText(error), pattern);
  return error;
}

/** What a promise that has to fail fails with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail("it did not fail");
}

/** The promise must fail with such an error, which is returned. */
export async function rejectsWith(
  promise: Promise<unknown>,
  fault: Fault,
  ...patterns: readonly RegExp[]
): Promise<AircrateError> {
  return assertFault(await failure(promise), fault, ...patterns);
}

/** The call must throw such an error, which is returned. */
export function throwsWith(call: () => unknown, fault: Fault, ...patterns: readonly RegExp[]): AircrateError {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  assert.notEqual(thrown, undefined, "it did not throw");
  return assertFault(thrown, fault, ...patterns);
}
