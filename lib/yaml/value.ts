/** What a YAML document may hold here: JSON's values. Maps have no prototype, so that any key is just a key. */
export type JsonValue = null | boolean | number | string | JsonList | JsonMap;
export type JsonList = readonly JsonValue[];
export interface JsonMap {
  readonly [key: string]: JsonValue;
}

/**
 * What YAML knows about a value and JSON does not, by JSON pointer (RFC 6901). It is needed to write the document
 * again: a reader such as PyYAML tells 1.0 from 1, and the key 1 from the key "1".
 */
export interface YamlKinds {
  /** Whole numbers that are written as floats, such as 1.0. */
  readonly floats: ReadonlySet<string>;
  /** Entries of maps whose key is a number. */
  readonly integerKeys: ReadonlySet<string>;
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A map without prototype, with these entries in their order (whole numbers go first: a rule of the language). */
export function mapOf<T>(entries: Iterable<readonly [string, T]>): { [key: string]: T } {
  const map: { [key: string]: T } = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

export function child(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export function parentOf(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf("/"));
}

export function keysOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a pointer, or undefined. */
export function valueAt(root: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const key of keysOf(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as JsonMap)[key];
  }
  return value;
}
