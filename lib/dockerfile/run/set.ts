import { excerpt } from "../fault.ts";
import { NotComputed } from "./not-computed.ts";
import type { Word } from "./types.ts";

/** How a shell was told to work, as far as that changes what is computed here. */
export interface ShellOptions {
  /** `-u`: a variable that is not set is an error. */
  nounset: boolean;
}

/**
 * Options of a shell without an effect on simple commands of which none may fail: they end at the first error, they are
 * shown, a pipe fails with any of its parts.
 */
const HARMLESS_NAMES: ReadonlySet<string> = new Set(["errexit", "xtrace", "verbose", "pipefail", "errtrace"]);
const HARMLESS_LETTERS: ReadonlySet<string> = new Set("exvE");

/**
 * Applies `-e`, `-eux`, `-o pipefail`, `+e` and the like, as `set` and the shell itself take them.
 *
 * @throws NotComputed for other options, and for operands
 */
export function applyShellOptions(words: readonly string[], options: ShellOptions, who: string): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const sign = word[0];
    if (word.length < 2 || (sign !== "-" && sign !== "+") || word.startsWith("--")) throw notComputed(who, word);
    for (const letter of word.slice(1)) {
      if (letter === "u") options.nounset = sign === "-";
      else if (letter === "o") setByName(words[++at] ?? "", sign, options, who);
      else if (!HARMLESS_LETTERS.has(letter)) throw notComputed(who, word);
    }
  }
}

function setByName(name: string, sign: string, options: ShellOptions, who: string): void {
  if (name === "nounset") options.nounset = sign === "-";
  else if (!HARMLESS_NAMES.has(name)) throw notComputed(who, `${sign}o ${name}`.trim());
}

/** `set` without anything shows the variables. */
export function applySet(words: readonly Word[], options: ShellOptions): void {
  const pattern = words.find(({ parts, home }) => parts !== undefined || home);
  if (pattern !== undefined) throw notComputed("set", pattern.text);
  applyShellOptions(
    words.map(({ text }) => text),
    options,
    "set",
  );
}

function notComputed(who: string, option: string): NotComputed {
  return new NotComputed(`${who} ${excerpt(option, 30)} is not computed`);
}
