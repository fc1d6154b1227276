import { didYouMean, suggest } from "../lib/suggest.ts";
import {
  alternatives,
  type Command,
  type Flag,
  type Option,
  type Positional,
  positionalText,
  shownOptions,
  type Valued,
} from "./command.ts";
import { UsageError } from "./ui/error.ts";
import { type Options, readWords } from "./words.ts";

/**
 * Reads the words behind a command.
 *
 * @returns the values of all arguments and options, under the names they are declared with
 * @throws UsageError
 */
export function parseWords(
  words: readonly string[],
  { positionals = {}, options = {} }: Pick<Command<object>, "positionals" | "options">,
): Record<string, unknown> {
  const { options: given, bare, lacking } = readWords(words, options);
  if (lacking !== undefined) throw lacksValue(lacking, words);
  for (const [name, value] of given) if (!isKnown(name, value, options)) throw unknownOption(name, value, options);
  const read = Object.entries(options).map(([name, option]) => [
    name,
    readOption(name, option, given.get(name), words),
  ]);
  return { ...Object.fromEntries(read), ...readPositionals(bare, positionals) };
}

function lacksValue(name: string, words: readonly string[]): UsageError {
  const written = name.length === 1 ? `-${name}` : `--${name}`;
  const next = words[words.indexOf(written) + 1];
  const meant = next?.startsWith("-") ? `; write ${written}=${next} when ${next} is meant to be one` : "";
  return new UsageError(`${written} needs a value${meant}`);
}

/** `--no-NAME` is false, which flags can be, and options that say what it stands for. */
function isKnown(name: string, value: unknown, options: Options): boolean {
  const option = optionOf(name, options);
  return option !== undefined && (value !== false || option.type === "boolean" || option.negated !== undefined);
}

function unknownOption(name: string, value: unknown, options: Options): UsageError {
  const written = value === false ? `no-${name}` : name;
  const meant = suggest(written, shownOptions({ options }).map(writtenName));
  const dashes = written.length === 1 ? "-" : "--";
  return new UsageError(
    `unknown option ${dashes}${written}${meant === undefined ? "" : `: did you mean \`--${meant}\`?`}`,
  );
}

/** The option of that name; names are those of a command line, which may be any words. */
export function optionOf(name: string, options: Options): Option | undefined {
  return Object.hasOwn(options, name) ? options[name] : undefined;
}

/** How an option is written behind the dashes. */
export function writtenName([name, option]: readonly [name: string, option: Option]): string {
  return option.type === "boolean" && option.default ? `no-${name}` : name;
}

function readOption(name: string, option: Option, given: unknown, words: readonly string[]): unknown {
  if (option.type === "boolean") return readFlag(name, option, given, words);
  if (option.required && given === undefined) throw new UsageError(`--${name} is missing`);
  if (option.list) return given;
  const values = (given === undefined ? [] : [given].flat()).map((value) =>
    readValue(`--${name}`, option, value === false ? option.negated : value),
  );
  return option.repeated ? values : (values.at(-1) ?? option.default);
}

/** The parser takes all words behind `=` but `true` for false. */
function readFlag(name: string, { short, default: usual = false }: Flag, given: unknown, words: readonly string[]) {
  for (const word of words.slice(0, words.includes("--") ? words.indexOf("--") : undefined)) {
    const [, written, value = ""] = /^(--?[^=]+)=(.*)$/s.exec(word) ?? [];
    const isThis = written === `--${name}` || (short !== undefined && written === `-${short}`);
    if (isThis && !/^(true|false)$/.test(value)) throw new UsageError(`${written} takes no value`);
  }
  return given ?? usual;
}

function readValue(name: string, { type, choices }: Valued, given: unknown): string | number {
  const value = String(given);
  if (choices !== undefined) requireChoice(name, choices, value);
  if (type !== "number") {
    // A variable of a script that is not set: no option means anything by it.
    if (value === "") throw new UsageError(`${name} needs a value`);
    return value;
  }
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isNaN(number)) throw new UsageError(`${name} takes a number, not "${value}"`);
  return number;
}

function requireChoice(name: string, choices: readonly string[], value: string): void {
  if (choices.includes(value)) return;
  throw new UsageError(`${name} takes ${alternatives(choices)}, not "${value}"${didYouMean(value, choices)}`);
}

function readPositionals(
  bare: readonly string[],
  positionals: Readonly<Record<string, Positional>>,
): Record<string, unknown> {
  const rest = [...bare];
  const read = Object.entries(positionals).map(([name, positional]) => {
    const values = positional.many ? rest.splice(0) : rest.splice(0, 1);
    if (positional.required && values.length === 0) {
      throw new UsageError(`${positionalText(name, positional)} is missing`);
    }
    if (!positional.many && values[0] === "") throw new UsageError(`${positionalText(name, positional)} is empty`);
    const { choices } = positional;
    if (choices !== undefined) for (const value of values) requireChoice(name, choices, value);
    return [name, positional.many ? values : (values[0] ?? positional.default)];
  });
  if (rest[0] !== undefined) throw new UsageError(`unexpected argument "${rest[0]}"`);
  return Object.fromEntries(read);
}
