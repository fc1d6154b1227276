import { type Command, type Positional, shownCommands, shownOptions, type Valued } from "./command.ts";
import { dockerWords } from "./docker.ts";
import { type Found, findCommand, hasUnknown } from "./find.ts";
import { type KnownValues, knownValues } from "./known-values.ts";
import { optionOf, writtenName } from "./parse.ts";
import { type Options, readWords, type Words } from "./words.ts";

/** What may stand in the place of a word that is being written. */
export interface Completion {
  /** The shell knows files and folders better. */
  readonly kind: "words" | "files" | "folders";
  readonly words: readonly Candidate[];
}

type Candidate = readonly [word: string, description: string];

const NOTHING: Completion = { kind: "words", words: [] };

/**
 * Completes the last word of a command line, which may be empty.
 *
 * @param words those behind the program's name
 */
export async function complete(words: readonly string[], values: KnownValues = knownValues): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const found = await findCommand(dockerWords(words.slice(0, -1)));
  if (hasUnknown(found)) return NOTHING;
  const { options = {}, positionals = {} } = found.command;
  const open = openOption(found.words, options);
  if (open !== undefined) return completeValue(open, current, found, values);
  const [, name = "", begun] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  if (begun !== undefined) return named(name, await completeValue(valuedOption(name, options), begun, found, values));
  const ended = found.words.includes("--");
  const given = readWords(found.words, options);
  if (current.startsWith("-") && !ended) return beginning(current, optionCandidates(found.command, given));

  if (found.command.commands !== undefined) return beginning(current, commandCandidates(found.command));
  const places = Object.values(positionals);
  const place = places[given.bare.length] ?? (places.at(-1)?.many ? places.at(-1) : undefined);
  if (place !== undefined) return completeValue(place, current, found, values);
  return current === "" ? { kind: "words", words: optionCandidates(found.command, given) } : NOTHING;
}

/** The option that the next word is a value of: the last one, when that takes more words than there are. */
function openOption(words: readonly string[], options: Options): Valued | undefined {
  const last = words.findLastIndex((word) => /^-./.test(word));
  const [, long, group] = /^--([^=]+)|^-([^=]+)/.exec(words[last] ?? "") ?? [];
  const letter = group?.at(-1);
  const name = long ?? Object.keys(options).find((one) => letter !== undefined && options[one]?.short === letter) ?? "";
  const option = valuedOption(name, options);
  if (option === undefined) return undefined;
  return option.list || (last === words.length - 1 && !words[last]!.includes("=")) ? option : undefined;
}

function valuedOption(name: string, options: Options): Valued | undefined {
  const option = optionOf(name, options);
  return option?.type === "boolean" ? undefined : option;
}

async function completeValue(
  place: Positional | Valued | undefined,
  current: string,
  found: Found,
  values: KnownValues,
): Promise<Completion> {
  const { value = "", choices } = place ?? {};
  if (choices !== undefined) return beginning(current, undescribed(choices));
  if (value === "FILE") return { kind: "files", words: [] };
  if (value === "FOLDER") return { kind: "folders", words: [] };
  if (value === "COMMAND") return complete([...found.words, current], values);
  return beginning(current, undescribed(await values(value)));
}

function named(name: string, { kind, words }: Completion): Completion {
  return { kind, words: words.map(([word, description]) => [`--${name}=${word}`, description]) };
}

function undescribed(words: readonly string[]): Candidate[] {
  return words.map((word) => [word, ""]);
}

function commandCandidates(command: Command<object>): Candidate[] {
  return shownCommands(command).map(({ name, summary }) => [name, summary]);
}

/** The options that are not there already, and the one that every command has. */
function optionCandidates(command: Command<object>, given: Words): Candidate[] {
  const options = shownOptions(command);
  const left = options.filter(([name, option]) => {
    const again = option.type !== "boolean" && option.repeated;
    return again || !given.options.has(name);
  });
  const candidates = left.map(([name, option]): Candidate => [`--${writtenName([name, option])}`, option.describe]);
  return options.some(([name]) => name === "help") ? candidates : [...candidates, ["--help", "Tell how it is used"]];
}

function beginning(current: string, words: readonly Candidate[]): Completion {
  return { kind: "words", words: words.filter(([word]) => word.startsWith(current)) };
}
