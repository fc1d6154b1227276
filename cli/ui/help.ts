import {
  alternatives,
  type Command,
  type Entry,
  type Option,
  type Positional,
  positionalText,
  shownCommands,
  shownOptions,
  type Valued,
} from "../command.ts";
import type { Found } from "../find.ts";
import { writtenName } from "../parse.ts";
import { print } from "./text.ts";

/** Columns of the help where the terminal has more, or there is none. */
const WIDTH = 100;
/** Most columns of the left part of a section; what is longer has a line of its own. */
const LEFT = 30;
const LEFT_OF_EXAMPLES = 50;

type Row = readonly [left: string, right: string];

/** Prints how a command is used. */
export function printHelp(found: Omit<Found, "words">): void {
  print(helpText(found, Math.min(WIDTH, process.stdout.columns ?? WIDTH)));
}

/** How a command is used, in lines of at most `width` columns; only examples and notes are not broken. */
export function helpText({ name, summary, command }: Omit<Found, "words">, width: number): string {
  const { positionals = {}, about, examples, notes } = command;
  const commands = grouped(shownCommands(command), "Commands", ({ group }) => group);
  const options = grouped(shownOptions(command), "Options", ([, { group }]) => group);
  const parts = [
    [`Usage: ${usage(name, command)}`, lines(summary, width)],
    about === undefined ? [] : [lines(about, width)],
    sections([["Arguments", Object.entries(positionals).map(positionalRow)]], width),
    sections(
      commands.map(([title, some]) => [title, some.map(commandRow)]),
      width,
    ),
    sections(
      options.map(([title, some]) => [title, some.map(optionRow)]),
      width,
    ),
    sections([["Examples", examples]], width, LEFT_OF_EXAMPLES),
    notes === undefined ? [] : [notes],
  ];
  return `${parts.flat().join("\n\n")}\n`;
}

function usage(name: string, { positionals = {}, options, commands, action }: Command<object>): string {
  const words = [name];
  if (commands !== undefined) words.push(action === undefined || name === "aircrate" ? "COMMAND" : "[COMMAND]");
  words.push(...Object.entries(positionals).map(([key, positional]) => positionalText(key, positional)));
  if (options !== undefined) words.push("[OPTIONS]");
  return words.join(" ");
}

/** Parts a list by group, in the order in which the groups first occur; those without one are `standard`. */
function grouped<T>(list: readonly T[], standard: string, groupOf: (one: T) => string | undefined): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const title = groupOf(one) ?? standard;
    groups.set(title, [...(groups.get(title) ?? []), one]);
  }
  return [...groups];
}

function commandRow({ name, summary }: Entry): Row {
  return [name, summary];
}

function positionalRow([name, positional]: [string, Positional]): Row {
  const { describe, choices, default: standard } = positional;
  const choice = choices === undefined ? "" : `: ${alternatives(choices)}`;
  return [positionalText(name, positional), `${describe}${choice}${defaultText(standard)}`];
}

function optionRow([name, option]: [string, Option]): Row {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const written = `${short}--${writtenName([name, option])}`;
  if (option.type === "boolean") return [written, option.describe];
  const standard = option.defaultDescription ?? option.default;
  return [`${written} ${valueText(option)}`, `${option.describe}${repeats(option)}${defaultText(standard)}`];
}

function valueText({ value, choices, type, list }: Valued): string {
  const word = value ?? choices?.join("|") ?? (type === "number" ? "N" : "TEXT");
  return list ? `[${word}..]` : word;
}

function repeats({ repeated }: Valued): string {
  return repeated ? "; may be repeated" : "";
}

function defaultText(standard: string | number | undefined): string {
  return standard === undefined ? "" : ` [default: ${standard}]`;
}

/** Lists below headings; what is on the right begins in the same column in all. */
function sections(
  lists: readonly (readonly [title: string, rows: readonly Row[]])[],
  width: number,
  most = LEFT,
): string[] {
  const filled = lists.filter(([, rows]) => rows.length > 0);
  const widths = filled.flatMap(([, rows]) => rows.map(([left]) => left.length));
  const left = Math.max(0, ...widths.filter((size) => size <= Math.min(most, width / 2)));
  return filled.map(([title, rows]) => [`${title}:`, ...rows.flatMap((row) => rowLines(row, left, width))].join("\n"));
}

function rowLines([name, does]: Row, left: number, width: number): string[] {
  const indent = " ".repeat(left + 4);
  const text = wrap(does, Math.max(20, width - indent.length)).map((line) => indent + line);
  const head = `  ${name}`;
  return name.length > left ? [head, ...text] : [head + (text[0] ?? "").slice(head.length), ...text.slice(1)];
}

function lines(text: string, width: number): string {
  return wrap(text, width).join("\n");
}

/** Breaks a text between words, but not before a default. */
function wrap(text: string, width: number): string[] {
  const result: string[] = [];
  for (const word of text.split(/(?<!\[default:) /)) {
    const line = result.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) result[result.length - 1] = `${line} ${word}`;
    else result.push(word);
  }
  return result;
}
