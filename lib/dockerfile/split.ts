import { fault } from "./fault.ts";
import { isSpace, trim, trimStart } from "./space.ts";
import type { Escape } from "./types.ts";

/** A logical line, cut into its parts. */
export interface SplitInstruction {
  /** In capitals: keywords are read in any case. */
  readonly keyword: string;
  /** Leading words that start with `--`, quotes and escapes removed, without a bare `--`. */
  readonly flags: readonly string[];
  /** What follows the flags, as written. */
  readonly rest: string;
  /** Everything after the keyword, as written. */
  readonly operands: string;
}

// What BuildKit splits words at; Unicode's other blanks belong to words.
const BLANKS = /[\t\v\f\r ]+/;

export function splitInstruction(line: string, escapeChar: Escape): SplitInstruction {
  const text = trim(line);
  const blank = BLANKS.exec(text);
  const keyword = (blank === null ? text : text.slice(0, blank.index)).toUpperCase();
  const operands = blank === null ? "" : text.slice(blank.index + blank[0].length);
  return { keyword, operands, ...splitFlags(operands, escapeChar) };
}

function splitFlags(text: string, escapeChar: Escape): { readonly flags: string[]; readonly rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at]!)) at++;
    if (!text.startsWith("--", at)) return { flags, rest: text.slice(at) };
    let word = "";
    let quote = "";
    for (; at < text.length && (quote !== "" || !isSpace(text[at]!)); at++) {
      const character = text[at]!;
      if (character === quote) quote = "";
      else if (quote === "" && (character === "'" || character === '"')) quote = character;
      else if (character === escapeChar) word += text[++at] ?? "";
      else word += character;
    }
    if (word === "--") return { flags, rest: trimStart(text.slice(at)) };
    flags.push(word);
  }
}

/** Words as they are written, separated by blanks; quotes mean nothing. */
export function plainWords(rest: string): string[] {
  return rest === "" ? [] : rest.split(BLANKS);
}

/** Words with their quotes and escapes: a blank inside quotes or after an escape character does not separate. */
export function quotedWords(rest: string, escapeChar: Escape): string[] {
  const words: string[] = [];
  let word = "";
  let quote = "";
  for (let at = 0; at < rest.length; at++) {
    const character = rest[at]!;
    if (character === escapeChar && quote !== "'") {
      if (at + 1 < rest.length) word += character + rest[++at]!;
    } else if (quote === "" && isSpace(character)) {
      if (word !== "") words.push(word);
      word = "";
    } else {
      word += character;
      if (character === quote) quote = "";
      else if (quote === "" && (character === "'" || character === '"')) quote = character;
    }
  }
  if (word !== "") words.push(word);
  return words;
}

/** Cuts `rest` at its first blanks. */
export function firstWord(rest: string): readonly [word: string, rest: string] {
  const blank = BLANKS.exec(rest);
  return blank === null ? [rest, ""] : [rest.slice(0, blank.index), rest.slice(blank.index + blank[0].length)];
}

/**
 * The strings of a JSON array; undefined when the text is no JSON array, which makes it a shell command or plain words.
 *
 * @throws AircrateError input when it is an array of other things than strings and `where` is given
 */
export function jsonArray(rest: string, where?: string): string[] | undefined {
  if (!rest.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (!value.every((item): item is string => typeof item === "string")) {
    if (where === undefined) return undefined;
    throw fault(where, "the JSON form takes strings only", { hint: 'write each part as a string: ["sleep", "10"]' });
  }
  if (where !== undefined && value.some((item) => item.includes("\0"))) {
    throw fault(where, "a NUL character: no program can be given one");
  }
  // A lone surrogate has no UTF-8 form; Go's decoder replaces it, too.
  return value.map((item) => item.replace(/\p{Surrogate}/gu, "\ufffd"));
}
