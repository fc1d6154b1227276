import { resolvePlain } from "./scalar.ts";
import { child, type JsonList, type JsonMap, type JsonValue, type YamlKinds } from "./value.ts";

const NO_KINDS: YamlKinds = { floats: new Set(), integerKeys: new Set() };

/** PyYAML writes longer keys in the form `? key`; readers need not look further than 1024 characters for a colon. */
const MAX_SIMPLE_KEY = 127;

/**
 * A JSON value as YAML 1.1, in the style of PyYAML's `dump`: blocks, keys sorted by code point, lists not indented below
 * their key, `[]` and `{}` when empty, ASCII only. No line is folded, so a text never spans lines. Any YAML reader
 * gets the same value back.
 *
 * @param kinds from the document that the value was read from, so that 1.0 stays 1.0
 */
export function writeYaml(value: JsonValue, kinds: YamlKinds = NO_KINDS): string {
  return `${node(value, "", kinds).join("\n")}\n`;
}

/** The lines of a value, without indentation. */
function node(value: JsonValue, pointer: string, kinds: YamlKinds): string[] {
  if (typeof value === "string") return [writeString(value)];
  if (typeof value === "number") return [writeNumber(value, kinds.floats.has(pointer))];
  if (value === null || typeof value === "boolean") return [String(value)];
  if (Array.isArray(value)) return list(value, pointer, kinds);
  return map(value as JsonMap, pointer, kinds);
}

function list(items: JsonList, pointer: string, kinds: YamlKinds): string[] {
  if (items.length === 0) return ["[]"];
  return items.flatMap((item, i) => behind("-", node(item, child(pointer, i), kinds)));
}

function map(value: JsonMap, pointer: string, kinds: YamlKinds): string[] {
  const keys = Object.keys(value).map((name) => ({ name, integer: kinds.integerKeys.has(child(pointer, name)) }));
  if (keys.length === 0) return ["{}"];
  return keys.sort(compareKeys).flatMap(({ name, integer }) => {
    const key = integer ? name : writeString(name);
    const inner = value[name]!;
    const lines = node(inner, child(pointer, name), kinds);
    if (key.length > MAX_SIMPLE_KEY) return [`? ${key}`, ...behind(":", lines)];
    if (typeof inner !== "object" || inner === null || Object.keys(inner).length === 0) return [`${key}: ${lines[0]}`];
    return [`${key}:`, ...(Array.isArray(inner) ? lines : lines.map((line) => `  ${line}`))];
  });
}

/** Puts an indicator before a block: the first line stands on the line of the indicator, the others below it. */
function behind(indicator: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${i === 0 ? indicator : " "} ${line}`);
}

interface Key {
  readonly name: string;
  readonly integer: boolean;
}

function compareKeys(a: Key, b: Key): number {
  if (a.integer && b.integer) return Number(a.name) - Number(b.name);
  if (a.integer !== b.integer) return a.integer ? -1 : 1;
  // UTF-8 bytes sort as code points do; UTF-16 units do not.
  return Buffer.compare(Buffer.from(a.name, "utf8"), Buffer.from(b.name, "utf8"));
}

/** Numbers as readers of newer YAML (1.2, Go, JavaScript) know them, which for PyYAML are texts. */
const FOREIGN_NUMBER = [
  /^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?$/,
  /^[-+]?0[xXoObB][0-9a-fA-F_]+$/,
  /^[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?$/,
  /^[-+]?\.(?:inf|nan)$/i,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$/,
];
const FOREIGN_WORD = /^(?:y|n|yes|no|on|off|true|false|null|~|<<|=)$/i;
const PRINTABLE = /^[\x20-\x7e]+$/;
/** Characters that mean something at the start of a value, alone or before a space. */
const INDICATOR = /^(?:[#,[\]{}&*!|>'"%@`]|[-?:](?: |$)|---|\.\.\.)/;

function writeString(text: string): string {
  if (text === "") return "''";
  if (!PRINTABLE.test(text)) return doubleQuoted(text);
  return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

function isPlain(text: string): boolean {
  if (INDICATOR.test(text) || /^ | $|: | #|:$/.test(text)) return false;
  if (resolvePlain(text).kind !== "string" || FOREIGN_WORD.test(text)) return false;
  return !FOREIGN_NUMBER.some((pattern) => pattern.test(text));
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function doubleQuoted(text: string): string {
  let out = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (Object.hasOwn(ESCAPES, character)) out += ESCAPES[character];
    else if (code >= 0x20 && code <= 0x7e) out += character;
    else if (code <= 0xff) out += `\\x${hex(code, 2)}`;
    else if (code <= 0xffff) out += `\\u${hex(code, 4)}`;
    else out += `\\U${hex(code, 8)}`;
  }
  return `"${out}"`;
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, "0");
}

/**
 * Integers in decimal; floats as Python's `repr` writes them, with the point that YAML 1.1 asks for. Both languages give
 * the shortest digits that read back as the same number, and differ only in where they put the point.
 */
function writeNumber(value: number, asFloat: boolean): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a JSON value`);
  if (!asFloat && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  const [mantissa, power] = value.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}.${digits.slice(1) || "0"}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
