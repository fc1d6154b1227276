import { Parser } from "yargs/helpers";
import type { Option } from "./command.ts";

export type Options = Readonly<Record<string, Option>>;

/** The words of a command line, not judged yet. */
export interface Words {
  /** By name, without the dashes: what stands there, as the parser reads it. Long names, where an option is known. */
  readonly options: ReadonlyMap<string, unknown>;
  /** Those that belong to no option. */
  readonly bare: readonly string[];
  /** Name of an option at the end that lacks its value, as it is written, without the dashes. */
  readonly lacking?: string;
}

/** @param halt stops at the first word that belongs to no option: it and all behind it are `bare` */
export function readWords(words: readonly string[], options: Options, { halt = false } = {}): Words {
  const named = Object.entries(options);
  const valued = named.flatMap(([name, { type }]) => (type === "boolean" ? [] : [name]));
  const lists = named.flatMap(([name, option]) => (option.type !== "boolean" && option.list ? [name] : []));
  const shorts = named.flatMap(([name, { short }]) => (short === undefined ? [] : [[name, short] as const]));
  const { argv, error } = Parser.detailed(halt ? [...words] : withoutGlue(words, options), {
    alias: Object.fromEntries(shorts),
    boolean: named.flatMap(([name, { type }]) => (type === "boolean" ? [name] : [])),
    string: valued,
    array: lists,
    narg: Object.fromEntries(valued.filter((name) => !lists.includes(name)).map((name) => [name, 1])),
    configuration: {
      ...{ "camel-case-expansion": false, "dot-notation": false, "strip-aliased": true, "populate--": true },
      ...{ "parse-numbers": false, "parse-positional-numbers": false, "halt-at-non-option": halt },
    },
  });
  const { _: bare, "--": behind = [], ...rest } = argv;
  const lacking = /following: (\S+)$/.exec(error?.message ?? "")?.[1];
  return {
    options: new Map<string, unknown>(Object.entries(rest)),
    bare: [...bare, ...behind].map(String),
    ...(lacking !== undefined && { lacking }),
  };
}

/** `-oFILE`, as Docker's tools take it, is `-o FILE`; to the parser it were five letters. */
function withoutGlue(words: readonly string[], options: Options): string[] {
  const valued = Object.values(options).flatMap(({ type, short }) => (type === "boolean" ? [] : [short]));
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  return words.flatMap((word, i) => {
    const [, letter, value = ""] = /^-([^-])([^=].*)$/s.exec(word) ?? [];
    return i < end && letter !== undefined && valued.includes(letter) ? [`-${letter}`, value] : [word];
  });
}
