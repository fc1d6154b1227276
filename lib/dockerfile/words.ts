import { excerpt, fault } from "./fault.ts";
import { type PatternOperator, substitutePattern } from "./pattern.ts";
import { isSpace } from "./space.ts";
import type { Escape } from "./types.ts";

export interface WordOptions {
  readonly escapeChar: Escape;
  /** `file:line` for errors. */
  readonly where: string;
  /** Value of a variable, undefined when it is not set. */
  readonly lookup: (name: string) => string | undefined;
  /** Told of each variable that is not set and has no default, so that nothing takes its place. */
  readonly onUnset?: (name: string) => void;
  /** `remove`, as in instructions; `keep` them in the result; `plain`: they quote nothing (text of here-documents). */
  readonly quotes?: "remove" | "keep" | "plain";
  readonly keepEscapes?: boolean;
  /** References to variables that are not set stay as they are. */
  readonly keepUnset?: boolean;
  /** The longest that the result may be: `MAX_WORD_LENGTH` when it is not given. */
  readonly maxLength?: number;
  /** Characters that may still be written, over all calls that share it. */
  readonly budget?: { left: number };
}

/** The longest that Linux takes as one argument or variable (MAX_ARG_STRLEN); it also bounds `ENV a=$a$a` in a row. */
export const MAX_WORD_LENGTH = 131_072;
/** Characters that all values of one stage may have together: the budget of its substitutions. */
export const MAX_VALUES = 16_777_216;
const MAX_DEPTH = 50;

// A positional parameter, a special one, or a name: none of the first two is ever set in a Dockerfile.
const NAME = /\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*/uy;

/**
 * Removes quotes and escapes and substitutes variables, as BuildKit's shell lexer does: `$name`, `${name}`,
 * `${name:-word}`, `:+`, `:?` and these without the colon, which then treats a blank variable as set; `${name#pattern}`,
 * `##`, `%`, `%%`, `${name/pattern/text}` and `//`. What stands inside the braces is substituted itself, whether it is
 * used or not.
 *
 * @throws AircrateError input: unmatched quote or brace, unknown operator or pattern, `:?` that fails, too long
 */
export function expandWord(source: string, options: WordOptions): string {
  return read({ source, options, split: false, at: 0, depth: 0 }, undefined, options.keepEscapes ?? false).text;
}

/** As expandWord, but also splits at blanks that are not quoted, those in the value of a variable included. */
export function expandWords(source: string, options: WordOptions): string[] {
  return read({ source, options, split: true, at: 0, depth: 0 }, undefined, options.keepEscapes ?? false).words;
}

interface Scan {
  readonly source: string;
  readonly options: WordOptions;
  readonly split: boolean;
  at: number;
  depth: number;
}

interface Output {
  text: string;
  readonly words: string[];
  word: string;
}

/** Reads up to `stop`, which is passed over, or to the end when there is no `stop`. */
function read(scan: Scan, stop: string | undefined, keepEscapes: boolean): Output {
  const { source, options } = scan;
  const quoting = options.quotes !== "plain";
  const output: Output = { text: "", words: [], word: "" };
  let closed = stop === undefined;
  while (scan.at < source.length) {
    const character = source[scan.at]!;
    if (character === stop) {
      scan.at++;
      closed = true;
      break;
    }
    if (character === "$") {
      put(scan, output, substitution(scan), true);
    } else if (character === "'" && quoting) {
      put(scan, output, singleQuoted(scan), false);
    } else if (character === '"' && quoting) {
      put(scan, output, doubleQuoted(scan, keepEscapes), false);
    } else if (character === "<") {
      put(scan, output, arrows(scan), false);
    } else {
      scan.at++;
      if (character !== options.escapeChar) {
        put(scan, output, character, true);
        continue;
      }
      if (keepEscapes) put(scan, output, character, false);
      if (scan.at < source.length) put(scan, output, source[scan.at++]!, false);
    }
  }
  if (!closed) throw unclosed(scan, stop!);
  if (output.word !== "") output.words.push(output.word);
  return output;
}

function put(scan: Scan, output: Output, text: string, split: boolean): void {
  output.text += text;
  const { budget, where, maxLength = MAX_WORD_LENGTH } = scan.options;
  if (budget !== undefined) budget.left -= text.length;
  if (output.text.length > maxLength || (budget !== undefined && budget.left < 0)) {
    throw fault(where, `${excerpt(scan.source, 40)} grows too long when its variables are substituted`, {
      reason: `a value may have ${maxLength} characters${maxLength === MAX_WORD_LENGTH ? ", as on Linux," : ""} and all values of a stage 16 Mi`,
    });
  }
  if (!scan.split) return;
  if (!split) {
    output.word += text;
    return;
  }
  for (const character of text) {
    if (!isSpace(character)) {
      output.word += character;
    } else if (output.word !== "") {
      output.words.push(output.word);
      output.word = "";
    }
  }
}

/** Everything between single quotes is taken as it is; nothing can be escaped. */
function singleQuoted(scan: Scan): string {
  const end = scan.source.indexOf("'", scan.at + 1);
  if (end < 0) throw unclosed(scan, "'");
  const start = scan.options.quotes === "keep" ? scan.at : scan.at + 1;
  scan.at = end + 1;
  return scan.source.slice(start, scan.options.quotes === "keep" ? end + 1 : end);
}

/** Between double quotes variables are substituted, and only `"`, `$` and the escape character can be escaped. */
function doubleQuoted(scan: Scan, keepEscapes: boolean): string {
  const { source, options } = scan;
  const quote = options.quotes === "keep" ? '"' : "";
  let text = quote;
  scan.at++;
  while (scan.at < source.length) {
    const character = source[scan.at]!;
    if (character === "$") {
      text += substitution(scan);
      if (text.length > MAX_WORD_LENGTH) break;
      continue;
    }
    scan.at++;
    if (character === '"') return text + quote;
    if (character !== options.escapeChar) {
      text += character;
      continue;
    }
    const next = source[scan.at];
    if (next === '"' || next === "$" || next === options.escapeChar) {
      text += keepEscapes ? character + next : next;
      scan.at++;
    } else if (next !== undefined) {
      text += keepEscapes ? character + character : character;
    }
  }
  if (text.length > MAX_WORD_LENGTH) return text;
  throw unclosed(scan, '"');
}

/** `<<` takes the blanks behind it along, so that `<< EOF` is one word. */
function arrows(scan: Scan): string {
  const start = scan.at++;
  if (scan.source[scan.at] !== "<") return "<";
  do scan.at++;
  while (scan.source[scan.at] === " " || scan.source[scan.at] === "\t" || scan.source[scan.at] === "\r");
  return scan.source.slice(start, scan.at);
}

function substitution(scan: Scan): string {
  const { source, options } = scan;
  const start = scan.at++;
  if (source[scan.at] === "{") return braced(scan, start);
  const name = readName(scan);
  return name === "" ? "$" : plain(options, name, `$${name}`);
}

function braced(scan: Scan, start: number): string {
  const { source, options } = scan;
  scan.at++;
  const name = readName(scan);
  const colon = source[scan.at] === ":";
  if (colon) scan.at++;
  const operator = source[scan.at++];
  if (operator === undefined) throw unclosed(scan, "}");
  if (operator === "}" && !colon && name !== "") return plain(options, name, `\${${name}}`);
  const known = colon ? "-+?" : "-+?#%/";
  if (name === "" || !known.includes(operator)) {
    const shown = excerpt(source.slice(start, scan.at), 40);
    throw fault(options.where, `${shown} is no substitution that Dockerfiles know`, {
      hint: "the forms are $NAME, and in braces NAME, NAME:-word, NAME:+word, NAME:?message, also without the colon, NAME#pattern, NAME%pattern, NAME/pattern/text",
    });
  }
  const pattern = operator === "#" || operator === "%" || operator === "/";
  const every = operator === "/" && source[scan.at] === "/";
  if (every) scan.at++;
  const parts = operator === "/" ? [inner(scan, "/", true), inner(scan, "}", true)] : [inner(scan, "}", pattern)];
  const value = options.lookup(name);
  if (value === undefined && options.keepUnset) {
    return `\${${name}${colon ? ":" : ""}${operator}${every ? "/" : ""}${parts.join("/")}}`;
  }
  if (pattern) {
    if (value === undefined) options.onUnset?.(name);
    const [written = "", text = ""] = parts;
    return substitutePattern(value ?? "", {
      ...{ operator: operator as PatternOperator, written, every, text },
      ...{ where: options.where, spend: spender(scan) },
    });
  }
  const missing = value === undefined || (colon && value === "");
  const word = parts[0]!;
  if (operator === "-") return missing ? word : value;
  if (operator === "+") return missing ? "" : word;
  if (!missing) return value;
  throw fault(options.where, `${name}: ${excerpt(word) || (value === undefined ? "is not set" : "is blank")}`, {
    reason: `the instruction demands it by \${${name}${colon ? ":" : ""}?...}`,
    hint: `give it by a build argument, or set it by ARG or ENV before`,
  });
}

/** Takes what matching a pattern costs from the budget. */
function spender({ source, options }: Scan): (characters: number) => void {
  const { where, budget = { left: MAX_VALUES } } = options;
  return (characters) => {
    budget.left -= characters;
    if (budget.left < 0) throw fault(where, `${excerpt(source, 40)} takes too long to match`);
  };
}

function inner(scan: Scan, stop: string, keepEscapes: boolean): string {
  if (++scan.depth > MAX_DEPTH) {
    throw fault(scan.options.where, `substitutions are nested more than ${MAX_DEPTH} deep`);
  }
  const { text } = read(scan, stop, keepEscapes);
  scan.depth--;
  return text;
}

function plain(options: WordOptions, name: string, written: string): string {
  const value = options.lookup(name);
  if (value !== undefined) return value;
  if (options.keepUnset) return written;
  options.onUnset?.(name);
  return "";
}

function readName(scan: Scan): string {
  NAME.lastIndex = scan.at;
  const name = NAME.exec(scan.source)?.[0] ?? "";
  scan.at += name.length;
  return name;
}

function unclosed(scan: Scan, character: string): Error {
  return fault(scan.options.where, `${character} is missing in ${excerpt(scan.source)}`, {
    hint: `close it, or write ${scan.options.escapeChar} before a ${character === "}" || character === "/" ? "$" : "quote"} that stands for itself`,
  });
}
