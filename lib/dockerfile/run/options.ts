import { excerpt } from "../fault.ts";
import { NotComputed } from "./not-computed.ts";
import type { Word } from "./types.ts";

/**
 * The options of a command: what each spelling, `-p` or `--parents`, means. `=` behind a meaning says that the option has
 * a value; a blank meaning is an option without an effect on files.
 */
export type OptionTable = ReadonlyMap<string, string>;

/** @param entries `"-p --parents": "parents"`, `"-m --mode": "mode="` */
export function optionTable(entries: Readonly<Record<string, string>>): OptionTable {
  return new Map(
    Object.entries(entries).flatMap(([spellings, meaning]) =>
      spellings.split(" ").map((name) => [name, meaning] as const),
    ),
  );
}

export interface ReadOptions {
  readonly on: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, Word>;
  readonly operands: readonly Word[];
}

/**
 * Reads options as getopt_long(3) of the GNU C library does: they may stand behind operands, short ones together and with
 * their value (`-pm700`), `--` ends them. Long ones are written in full.
 *
 * @throws NotComputed for an option that is not in the table, or lacks its value
 */
export function readOptions(name: string, words: readonly Word[], table: OptionTable): ReadOptions {
  const on = new Set<string>();
  const values = new Map<string, Word>();
  const operands: Word[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const { text } = word;
    if (word.home || !text.startsWith("-") || text === "-") {
      operands.push(word);
      continue;
    }
    if (text === "--") {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (word.parts !== undefined)
      throw new NotComputed(`${name} gets ${excerpt(text, 30)}, a pattern that begins with -`);
    const equals = text.indexOf("=");
    const spellings = text.startsWith("--") ? [equals < 0 ? text : text.slice(0, equals)] : [...text.slice(1)];
    for (const [index, spelling] of spellings.entries()) {
      const option = text.startsWith("--") ? spelling : `-${spelling}`;
      const meaning = table.get(option);
      if (meaning === undefined) throw unknown(name, option);
      const attached = text.startsWith("--")
        ? equals < 0
          ? undefined
          : text.slice(equals + 1)
        : spellings.slice(index + 1).join("") || undefined;
      if (!meaning.endsWith("=")) {
        if (text.startsWith("--") && attached !== undefined) throw unknown(name, text);
        if (meaning !== "") on.add(meaning);
        continue;
      }
      const value = attached === undefined ? words[++at] : { text: attached };
      if (value === undefined) throw new NotComputed(`${name} ${option} lacks its value`);
      values.set(meaning.slice(0, -1), value);
      break;
    }
  }
  return { on, values, operands };
}

function unknown(name: string, option: string): NotComputed {
  return new NotComputed(`${name} ${excerpt(option, 30)} is not computed`);
}
