import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import { AircrateError } from "../error.ts";
import { resolveAliases } from "./anchors.ts";
import { MAX_DEPTH } from "./compose.ts";
import { describe, hasTag, isMergeKey, meaningOf, short } from "./meaning.ts";
import type { YamlProblem } from "./problems.ts";
import type { PlainScalar } from "./scalar.ts";
import { child, type JsonValue, mapOf } from "./value.ts";

/**
 * Upper bound of what a document may grow to when its aliases are written out: characters of text, and 16 for each
 * value. A file of 1 MiB without aliases stays far below unless it is made to hurt.
 */
const MAX_WEIGHT = 4 * 1024 * 1024;
const VALUE_WEIGHT = 16;

export interface Converted {
  readonly value: JsonValue;
  readonly floats: Set<string>;
  readonly integerKeys: Set<string>;
  /** Order of keys in maps where the language would give another one, by pointer. */
  readonly keyOrders: Map<string, readonly string[]>;
  readonly problems: YamlProblem[];
  readonly warnings: YamlProblem[];
}

/** Line, from 1, that a node stands in. */
export type LineOf = (node: Node | null | undefined) => number;

interface Context extends Omit<Converted, "value"> {
  readonly line: LineOf;
  readonly aliases: ReadonlyMap<Node, Node>;
  /** Nodes that are being converted: an alias to one of them would never end. */
  readonly open: Set<Node>;
  readonly spend: (weight: number) => void;
  /** Counts the levels on the way down, through aliases too. */
  depth: number;
}

/** Values of a tree of nodes. Every alias is written out, so that no two places share a value. */
export function convertYaml(root: unknown, file: string, line: LineOf): Converted {
  const problems: YamlProblem[] = [];
  let weight = 0;
  const context: Context = {
    floats: new Set(),
    integerKeys: new Set(),
    keyOrders: new Map(),
    problems,
    warnings: [],
    line,
    aliases: resolveAliases(root, line, problems),
    open: new Set(),
    spend(cost) {
      weight += cost;
      if (weight > MAX_WEIGHT)
        throw new AircrateError("input", "holds too much once aliases are written out", { where: file });
    },
    depth: 0,
  };
  const value = convert(root, "", context);
  const { floats, integerKeys, keyOrders, warnings } = context;
  return { value, floats, integerKeys, keyOrders, problems, warnings };
}

function convert(node: unknown, pointer: string, context: Context): JsonValue {
  context.spend(VALUE_WEIGHT);
  if (isAlias(node)) return convertAlias(node, pointer, context);
  if (isScalar(node)) return convertScalar(node, pointer, context);
  if (!isMap(node) && !isSeq(node)) return null;
  if (!hasTag(node, isMap(node) ? "map" : "seq")) problem(context, node, `tag \`${node.tag}\` is not supported`);
  if (context.depth >= MAX_DEPTH) {
    problem(context, node, `nested deeper than ${MAX_DEPTH} levels, aliases counted`);
    return null;
  }
  context.depth += 1;
  context.open.add(node);
  const value = isSeq(node)
    ? node.items.map((item, i) => convert(item, child(pointer, i), context))
    : convertMap(node, pointer, context);
  context.open.delete(node);
  context.depth -= 1;
  return value;
}

function convertAlias(alias: Node, pointer: string, context: Context): JsonValue {
  const target = context.aliases.get(alias);
  if (target === undefined) return null;
  if (context.open.has(target)) {
    problem(context, alias, "an alias stands inside the value that it names");
    return null;
  }
  return convert(target, pointer, context);
}

function convertMap(node: YAMLMap, pointer: string, context: Context): JsonValue {
  const entries = flatten(node, context, new Set());
  const keys = [...entries.keys()];
  // Keys that look like an index of an array move to the front of every JavaScript object.
  if (keys.some((key) => /^[0-9]/.test(key))) context.keyOrders.set(pointer, keys);
  return mapOf(
    [...entries.values()].map(({ key, isInteger, value }) => {
      const inner = child(pointer, key);
      if (isInteger) context.integerKeys.add(inner);
      return [key, convert(value, inner, context)] as const;
    }),
  );
}

interface Entry {
  readonly key: string;
  readonly isInteger: boolean;
  readonly isMerge: boolean;
  readonly value: unknown;
}

/**
 * The entries of a map after merge keys (yaml.org/type/merge.html) have been applied, in the order PyYAML gives them:
 * what is merged in comes first, the map's own keys win, and of several merged maps the first one does.
 */
function flatten(node: YAMLMap, context: Context, merging: Set<Node>): Map<string, Entry> {
  context.spend(node.items.length + 1);
  const own = new Map<string, Entry>();
  const merged = new Map<string, Entry>();
  const lines = new Map<string, number>();
  for (const pair of node.items) {
    const entry = readKey(pair, context);
    if (entry === undefined) continue;
    const line = context.line(pair.key as Node);
    const first = lines.get(entry.key);
    if (first !== undefined) {
      context.problems.push({ line, message: `key \`${short(entry.key)}\` is already in line ${first}` });
      continue;
    }
    lines.set(entry.key, line);
    if (entry.isMerge) mergeInto(merged, pair.value, context, new Set([...merging, node]));
    else own.set(entry.key, entry);
  }
  for (const [key, entry] of own) merged.set(key, entry);
  return merged;
}

function mergeInto(merged: Map<string, Entry>, source: unknown, context: Context, merging: Set<Node>): void {
  const target = isAlias(source) ? context.aliases.get(source) : source;
  if (target === undefined) return;
  const maps = isSeq(target)
    ? target.items.map((item) => (isAlias(item) ? context.aliases.get(item) : item))
    : [target];
  for (const map of maps.reverse()) {
    if (map === undefined) continue;
    if (!isMap(map)) problem(context, source as Node, "`<<` needs a mapping or a list of mappings");
    else if (merging.has(map)) problem(context, source as Node, "`<<` merges a map into itself");
    else if (merging.size > MAX_DEPTH) problem(context, source as Node, `merges nest deeper than ${MAX_DEPTH} levels`);
    else {
      for (const [key, entry] of flatten(map, context, merging)) {
        context.spend(1);
        merged.set(key, entry);
      }
    }
  }
}

function readKey(pair: Pair, context: Context): Entry | undefined {
  const node = isAlias(pair.key) ? context.aliases.get(pair.key) : pair.key;
  if (node === undefined) return undefined;
  if (!isScalar(node)) {
    problem(context, node as Node | null, "a key has to be a text, not a list or a mapping");
    return undefined;
  }
  const text = String(node.value);
  context.spend(text.length);
  const entry = { key: text, isInteger: false, isMerge: isMergeKey(node), value: pair.value };
  if (entry.isMerge) return entry;
  // PyYAML reads the key `=` as a text, though not the value.
  const meaning: PlainScalar = text === "=" ? { kind: "string" } : meaningOf(node);
  if (meaning.kind === "string") {
    checkText(node, text, context);
    return entry;
  }
  if (meaning.kind === "integer" && Number.isSafeInteger(meaning.value) && !meaning.sexagesimal) {
    return { ...entry, key: String(meaning.value), isInteger: true };
  }
  problem(context, node, `the key \`${short(text)}\` is read as ${describe(meaning)}`, quote(text));
  return undefined;
}

function convertScalar(node: Scalar, pointer: string, context: Context): JsonValue {
  const text = String(node.value);
  context.spend(text.length);
  const meaning = meaningOf(node);
  switch (meaning.kind) {
    case "string":
      checkText(node, text, context);
      return text;
    case "null":
      return null;
    case "boolean":
      return meaning.value;
    case "integer":
    case "float":
      return convertNumber(node, meaning, pointer, context);
    case "other":
      problem(context, node, `\`${short(text)}\` is read as ${meaning.name}`, quote(text));
      return null;
  }
}

function convertNumber(
  node: Scalar,
  meaning: PlainScalar & { kind: "integer" | "float" },
  pointer: string,
  context: Context,
): JsonValue {
  const { kind, value } = meaning;
  const text = String(node.value);
  if (kind === "integer" && !Number.isSafeInteger(value)) {
    problem(context, node, `\`${short(text)}\` is beyond 9007199254740991 and would lose digits`, quote(text));
    return null;
  }
  if (meaning.sexagesimal) {
    const message = `${short(text)} is read as the number ${value} (base 60 of YAML 1.1): quote it if a text is meant`;
    context.warnings.push({ line: context.line(node), message });
  }
  if (kind === "float" && Number.isInteger(value)) context.floats.add(pointer);
  return value;
}

/** A lone half of a surrogate pair, which only an escape can bring in, has no form in UTF-8. */
function checkText(node: Scalar, text: string, context: Context): void {
  if (/\p{Surrogate}/u.test(text)) problem(context, node, "a text holds half of a surrogate pair");
}

function problem(context: Context, node: Node | null, message: string, hint?: string): void {
  context.problems.push({ line: context.line(node), message, ...(hint !== undefined && { hint }) });
}

function quote(text: string): string {
  return `put it in quotes if a text is meant: ${JSON.stringify(short(text))}`;
}
