import { Kind, type Static, type TSchema } from "@sinclair/typebox";
import { Errors, type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Check } from "@sinclair/typebox/value";
import type { TrapCode } from "../../spec/traps.ts";
import { didYouMean, suggest } from "../suggest.ts";
import { problemsError, type YamlProblem } from "./problems.ts";
import type { YamlDocument } from "./read.ts";
import { isMap, type JsonMap, keysOf, parentOf, valueAt } from "./value.ts";

/** A problem at a place of the document that has no line yet. */
interface Found {
  readonly pointer: string;
  readonly message: string;
  readonly hint?: string;
  readonly trap?: TrapCode;
  /** Whether it is a key that the schema does not have. */
  readonly unknownKey?: boolean;
}

/**
 * Checks a document against its schema and returns its value typed. Nothing is converted or defaulted.
 *
 * @param unknownKeys takes the keys that the schema does not have; without it they are wrong like everything else
 * @throws AircrateError input: located at the first line that is wrong, with every problem in its reason
 */
export function decodeYaml<S extends TSchema>(
  schema: S,
  document: YamlDocument,
  unknownKeys?: YamlProblem[],
): Static<S> {
  const found = [...integerKeyProblems(schema, document)];
  if (!Check(schema, document.value)) {
    found.push(...[...Errors(schema, document.value)].flatMap((error) => explain(error, document)));
  }
  const wrong = unknownKeys === undefined ? found : found.filter(({ unknownKey }) => unknownKey !== true);
  if (wrong.length > 0) throw problemsError(document.file, located(found, document));
  unknownKeys?.push(...located(found, document));
  return document.value as Static<S>;
}

/** One problem for each place: what follows from the first one there says nothing new. */
function located(found: readonly Found[], document: YamlDocument): YamlProblem[] {
  const byPointer = new Map<string, Found>();
  for (const problem of found) if (!byPointer.has(problem.pointer)) byPointer.set(problem.pointer, problem);
  return [...byPointer.values()].map(({ pointer, message, hint, trap }) => ({
    ...{ line: document.locate(pointer), message },
    ...(hint !== undefined && { hint }),
    ...(trap !== undefined && { trap }),
  }));
}

function explain(error: ValueError, document: YamlDocument): Found[] {
  const { path: pointer, schema, type } = error;
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return schema[Kind] === "Record" ? illegalNames(error, document) : [unknownKey(error)];
    case ValueErrorType.ObjectRequiredProperty: {
      const parent = parentOf(pointer);
      const within = parent === "" ? "" : ` in ${dotted(parent)}`;
      return [{ pointer, message: `missing key \`${lastKey(pointer)}\`${within}` }];
    }
    case ValueErrorType.ObjectMinProperties:
    case ValueErrorType.ArrayMinItems:
      return [{ pointer, message: `${dotted(pointer)}: is empty` }];
    case ValueErrorType.ObjectMaxProperties:
      return [{ pointer, message: `${dotted(pointer)}: has more than ${schema.maxProperties} entries` }];
    case ValueErrorType.Union:
      return explainUnion(error, document);
    default:
      return [mismatch(error, document)];
  }
}

/**
 * A value that fits none of several forms: the problems of the form that was meant, when that can be told from the kind
 * of value or from its keys; else what the forms are.
 */
function explainUnion(error: ValueError, document: YamlDocument): Found[] {
  const { schema, value, path } = error;
  const variants: TSchema[] = schema.anyOf;
  const problems = error.errors.map((errors) => [...errors]);
  const open = problems.map((_, i) => i).filter((i) => !problems[i]!.some((p) => p.path === path && isWrongKind(p)));
  const known = (i: number) => Object.keys(variants[i]!.properties ?? {}).filter((key) => hasKey(value, key)).length;
  const meant = open.sort((a, b) => known(b) - known(a))[0];
  if (meant === undefined) return [mismatch(error, document)];
  return problems[meant]!.flatMap((problem) => explain(problem, document));
}

function isWrongKind(error: ValueError): boolean {
  return WRONG_KIND.has(error.type);
}

const WRONG_KIND: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.Array,
  ValueErrorType.Boolean,
  ValueErrorType.Integer,
  ValueErrorType.Literal,
  ValueErrorType.Null,
  ValueErrorType.Number,
  ValueErrorType.Object,
  ValueErrorType.String,
  ValueErrorType.Union,
]);

function unknownKey({ path, schema }: ValueError): Found {
  const key = lastKey(path);
  const known = Object.keys(schema.properties);
  const guess = didYouMean(key, known);
  const message = `unknown key \`${key}\`${guess === "" ? ` (known: ${known.join(", ")})` : guess}`;
  return { pointer: path, message, trap: "AC013", unknownKey: true };
}

/** All keys of a map that are no legal names; the library stops at the first. */
function illegalNames({ path, schema }: ValueError, document: YamlDocument): Found[] {
  const parent = parentOf(path);
  const legal = new RegExp(Object.keys(schema.patternProperties)[0]!);
  const within = parent === "" ? "" : ` in ${dotted(parent)}`;
  return Object.keys((valueAt(document.value, parent) ?? {}) as JsonMap)
    .filter((key) => !legal.test(key))
    .map((key) => ({
      pointer: `${parent}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      message: `\`${short(key)}\` is not a legal name${within}: expected ${schema.keyForm ?? "another form"}`,
    }));
}

function mismatch(error: ValueError, document: YamlDocument): Found {
  const { path: pointer, schema, value } = error;
  const found = describe(value, document.source(pointer));
  const what = `${dotted(pointer)}: expected ${expected(error)}, found ${found}`;
  const guess = typeof value === "string" ? suggest(value, literals(schema)) : undefined;
  const message = guess === undefined ? what : `${what}: did you mean \`${guess}\`?`;
  const source = document.source(pointer);
  const wantsText = schema[Kind] === "String" || variantsOf(schema).some((variant) => variant[Kind] === "String");
  if (!wantsText || source === undefined || (typeof value !== "number" && typeof value !== "boolean")) {
    const form = typeof value === "string" && schema.trap !== undefined;
    return { pointer, message, ...(form && { trap: schema.trap }) };
  }
  return { pointer, message, trap: "AC003", hint: `put it in quotes: ${lastKey(pointer)}: "${source}"` };
}

function variantsOf(schema: TSchema): TSchema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf : [];
}

function literals(schema: TSchema): string[] {
  return variantsOf(schema).flatMap((variant) => (typeof variant.const === "string" ? [variant.const] : []));
}

const NAMES: Readonly<Record<string, string>> = {
  Array: "a list",
  Boolean: "true or false",
  Integer: "a whole number",
  Null: "nothing",
  Number: "a number",
  Object: "a mapping",
  Record: "a mapping",
  String: "a text",
};

function expected({ schema, type, message }: ValueError): string {
  // A text of the wrong form: the form says more than the kind. A value of the wrong kind: the kind does.
  if (typeof schema.form === "string" && (type !== ValueErrorType.String || schema.pattern === undefined)) {
    return schema.form;
  }
  if (type === ValueErrorType.StringMinLength) return "a text that is not empty";
  const kind = NAMES[schema[Kind]];
  if (kind !== undefined && isWrongKind({ type } as ValueError)) return kind;
  return message.replace(/^Expected /, "");
}

function describe(value: unknown, source: string | undefined): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return JSON.stringify(short(value));
  const text = short(source ?? String(value));
  if (typeof value === "boolean") return text === String(value) ? text : `${text}, which means ${value}`;
  return `the number ${text}`;
}

/** Keys that are numbers where the schema does not allow them: for PyYAML they are other keys than their text. */
function* integerKeyProblems(schema: TSchema, document: YamlDocument): Generator<Found> {
  for (const pointer of document.integerKeys) {
    if (schemaAt(schema, parentOf(pointer))?.integerKeys === true) continue;
    const key = lastKey(pointer);
    yield { pointer, message: `the key \`${key}\` is read as a number`, hint: `put it in quotes: "${key}":` };
  }
}

function schemaAt(root: TSchema, pointer: string): TSchema | undefined {
  let schema: TSchema | undefined = root;
  for (const key of keysOf(pointer)) {
    if (schema === undefined) return undefined;
    if (schema[Kind] === "Array") schema = schema.items;
    else if (schema[Kind] === "Record") schema = Object.values<TSchema>(schema.patternProperties)[0];
    else
      schema =
        schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  }
  return schema;
}

function hasKey(value: unknown, key: string): boolean {
  return isMap(value) && Object.hasOwn(value, key);
}

function lastKey(pointer: string): string {
  return keysOf(pointer).at(-1) ?? "";
}

function dotted(pointer: string): string {
  return pointer === "" ? "the file" : `\`${short(keysOf(pointer).join("."))}\``;
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
