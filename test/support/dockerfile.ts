import assert from "node:assert/strict";
import { environmentOf, inheritConfig } from "../../lib/dockerfile/config.ts";
import { type EvaluatedStage, evaluateChain } from "../../lib/dockerfile/evaluate.ts";
import { type DockerfilePlan, parseDockerfile } from "../../lib/dockerfile/parse.ts";
import type { ParseOptions, Step } from "../../lib/dockerfile/types.ts";
import { AircrateError } from "../../lib/error.ts";
import { ARM64 } from "../../lib/platform.ts";

/** Parses with the name `Dockerfile`, for linux/arm64. */
export function parse(text: string, options: Partial<ParseOptions> = {}): DockerfilePlan {
  return parseDockerfile(text, { file: "Dockerfile", platform: ARM64, ...options });
}

/** The stages of the target, evaluated on a base image with this environment. */
export function evaluate(
  text: string,
  options: Partial<ParseOptions> & { readonly env?: readonly string[] } = {},
): EvaluatedStage[] {
  const { env = [], ...parseOptions } = options;
  const config = inheritConfig({ Env: [...env] }, "Dockerfile:1");
  return evaluateChain(parse(text, parseOptions).chain, environmentOf(config));
}

/** The steps of a file that has one stage; without a FROM, the text stands below `FROM scratch`, from line 2 on. */
export function steps(text: string, options: Parameters<typeof evaluate>[1] = {}): readonly Step[] {
  return evaluate(/^\s*(?:#.*\n\s*)*FROM /im.test(text) ? text : `FROM scratch\n${text}`, options).at(-1)!.steps;
}

/** What a step says, without where it stands. */
export function bare(step: Step | undefined): Record<string, unknown> {
  assert.ok(step !== undefined, "no step");
  const { where: _where, text: _text, ...rest } = step;
  return rest;
}

export interface Expected {
  readonly where?: string;
  readonly what: RegExp | string;
  readonly reason?: RegExp;
  readonly hint?: RegExp;
}

/** Runs it, which must fail with a fault of the user's input that is located and one line long. */
export function refused(run: () => unknown, expected: Expected): AircrateError {
  let error: unknown;
  try {
    run();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error instanceof AircrateError, `expected an AircrateError, got ${String(error)}`);
  assert.equal(error.fault, "input");
  assert.doesNotMatch(error.message, /\n/);
  if (expected.where !== undefined) assert.equal(error.where, expected.where);
  if (typeof expected.what === "string") assert.equal(error.message, `${error.where}: ${expected.what}`);
  else assert.match(error.message, expected.what);
  if (expected.reason !== undefined) assert.match(error.reason.join("\n"), expected.reason);
  if (expected.hint !== undefined) assert.match(error.hint.join("\n"), expected.hint);
  return error;
}
