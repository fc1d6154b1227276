import { isScalar } from "yaml";
import { AircrateError } from "../error.ts";
import { composeYaml } from "./compose.ts";
import { convertYaml, type LineOf } from "./convert.ts";
import { readSmallFile } from "./file.ts";
import { problemsError, type YamlProblem } from "./problems.ts";
import { type JsonValue, valueAt, type YamlKinds } from "./value.ts";
import { createWalker } from "./walk.ts";

/** Largest file that is read, in bytes. */
export const MAX_YAML_SIZE = 1024 * 1024;

export interface YamlDocument extends YamlKinds {
  /** Name of the file for messages, as the user gave it. */
  readonly file: string;
  readonly value: JsonValue;
  /** What was read as something other than it looks like. */
  readonly warnings: readonly YamlProblem[];
  /**
   * Line, from 1, of the value at a JSON pointer: of its key in a map, of the item in a list. For a value that is not in
   * the text (missing, merged in, from an alias) it is the line of the nearest one around it.
   */
  locate(pointer: string): number;
  /** The text of an unquoted or quoted scalar as it stands in the file, such as `1.0` or `yes`. */
  source(pointer: string): string | undefined;
  /** Whether a scalar stands there without quotes, so that its text decides what it is. */
  isPlain(pointer: string): boolean;
  /** Keys of the map at a pointer in the order of the file, which a JavaScript object does not keep for numbers. */
  keys(pointer: string): readonly string[];
}

/**
 * Reads one YAML document by the rules of PyYAML (YAML 1.1), as plain JSON values.
 *
 * @param name what messages call the file; the path when absent
 * @throws AircrateError unreachable: the file does not exist or cannot be read; input: too large, not UTF-8, not YAML,
 *   duplicate keys, or values that JSON does not have (dates, binary, own tags)
 */
export async function readYaml(file: string, name = file): Promise<YamlDocument> {
  const bytes = await readSmallFile(file, { name, limit: MAX_YAML_SIZE });
  return parseYaml(decodeText(bytes, name), name);
}

/** As `readYaml`, of a text. @throws AircrateError input */
export function parseYaml(text: string, name: string): YamlDocument {
  checkCharacters(text, name);
  const { document, line } = composeYaml(text, name);
  const lineOf: LineOf = (node) => line(node?.range?.[0] ?? 0);
  const { value, floats, integerKeys, keyOrders, problems, warnings } = convertYaml(document.contents, name, lineOf);
  if (problems.length > 0) throw problemsError(name, problems);
  const walk = createWalker(document);
  return {
    file: name,
    value,
    floats,
    integerKeys,
    warnings,
    locate: (pointer) => lineOf(walk(pointer).nearest),
    source(pointer) {
      const { exact } = walk(pointer);
      return isScalar(exact) ? exact.source : undefined;
    },
    isPlain(pointer) {
      const { exact } = walk(pointer);
      return isScalar(exact) && exact.type === "PLAIN";
    },
    keys(pointer) {
      const map = valueAt(value, pointer);
      return keyOrders.get(pointer) ?? (typeof map === "object" && map !== null ? Object.keys(map) : []);
    },
  };
}

/** @throws AircrateError input */
export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AircrateError("input", "is not UTF-8 text", { where: name, cause: error });
  }
}

/**
 * Characters that PyYAML refuses, and the three that it takes for line breaks and newer readers do not: what is a
 * comment for one would be a key for the other.
 */
const REFUSED = /[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function checkCharacters(text: string, name: string): void {
  const found = REFUSED.exec(text);
  if (found === null) return;
  const line = text.slice(0, found.index).split(/\r\n|\r|\n/).length;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  throw new AircrateError("input", `the character U+${code} is not allowed in YAML`, {
    where: `${name}:${line}`,
    hint: "write it as an escape in double quotes if it is meant",
  });
}
