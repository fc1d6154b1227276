import type { Node, Scalar } from "yaml";
import { type PlainScalar, resolveFloat, resolveInteger, resolvePlain } from "./scalar.ts";

/** The meaning of a scalar by its tag, else by its text when it is not quoted. */
export function meaningOf(node: Scalar): PlainScalar {
  const text = String(node.value);
  if (node.tag === undefined || node.tag === "!") {
    if (!isPlain(node)) return { kind: "string" };
    // Between brackets PyYAML takes the mark for that of a key.
    return text.startsWith("?") ? { kind: "other", name: "the start of a key" } : resolvePlain(text);
  }
  const unsupported: PlainScalar = { kind: "other", name: `a value with the tag ${short(node.tag)}` };
  if (hasTag(node, "str")) return { kind: "string" };
  if (hasTag(node, "int")) return resolveInteger(text) ?? unsupported;
  if (hasTag(node, "float")) return resolveFloat(text) ?? unsupported;
  if (!hasTag(node, "bool") && !hasTag(node, "null")) return unsupported;
  const meaning = resolvePlain(text);
  return hasTag(node, meaning.kind === "boolean" ? "bool" : meaning.kind) ? meaning : unsupported;
}

export function hasTag(node: Node & { tag?: string }, name: string): boolean {
  return node.tag === undefined || node.tag === "!" || node.tag === `tag:yaml.org,2002:${name}`;
}

function isPlain(node: Scalar): boolean {
  return node.type === "PLAIN" || node.type === undefined;
}

/** In words, for messages. */
export function describe(meaning: PlainScalar): string {
  switch (meaning.kind) {
    case "null":
      return "nothing";
    case "boolean":
      return `the truth value ${meaning.value}`;
    case "integer":
    case "float":
      return `the number ${meaning.value}`;
    case "string":
      return "a text";
    case "other":
      return meaning.name;
  }
}

/** The key `<<`, unless it is quoted. */
export function isMergeKey(key: Scalar): boolean {
  return key.value === "<<" && (key.tag === undefined ? isPlain(key) : hasTag(key, "merge"));
}

export function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
