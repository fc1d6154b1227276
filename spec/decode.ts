import type { Static, TSchema } from "@sinclair/typebox";
import { Errors } from "@sinclair/typebox/errors";
import { Check } from "@sinclair/typebox/value";

/** One thing that is wrong in a document: where (RFC 6901 JSON pointer, `""` is the root) and what. */
export interface Problem {
  readonly pointer: string;
  readonly message: string;
}

/** A document does not have the form its schema demands. The caller knows the file or reference and adds it. */
export class SpecError extends Error {
  override readonly name = "SpecError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((p) => `${p.pointer === "" ? "document" : p.pointer}: ${p.message}`).join("; "));
    this.problems = problems;
  }
}

const MAX_PROBLEMS = 10;

/**
 * Checks a value that came from outside against its schema and returns it typed. Nothing is converted or defaulted:
 * what is returned is what was read.
 *
 * @throws SpecError naming up to ten problems, each with its JSON pointer
 */
export function decode<S extends TSchema>(schema: S, value: unknown): Static<S> {
  if (Check(schema, value)) return value as Static<S>;
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const error of Errors(schema, value)) {
    if (seen.has(error.path)) continue;
    seen.add(error.path);
    problems.push({ pointer: error.path, message: describe(error.message, error.value) });
    if (problems.length === MAX_PROBLEMS) break;
  }
  throw new SpecError(problems);
}

/**
 * Decodes JSON bytes (RFC 8259, UTF-8).
 *
 * @throws SpecError when it is not UTF-8, not JSON, or not of the schema's form
 */
export function decodeJson<S extends TSchema>(schema: S, bytes: Uint8Array): Static<S> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SpecError([{ pointer: "", message: `is not JSON: ${(error as Error).message}` }]);
  }
  return decode(schema, value);
}

function describe(expected: string, value: unknown): string {
  return `${lowerFirst(expected)}, found ${excerpt(value)}`;
}

/** Shows a value that came from outside: lists and objects only by their kind, since they may be deep or endless. */
function excerpt(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const found = JSON.stringify(value) ?? String(value);
  return found.length > 60 ? `${found.slice(0, 57)}...` : found;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
