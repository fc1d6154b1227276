import { didYouMean } from "../lib/suggest.ts";
import { type Command, shownCommands } from "./command.ts";
import { PROGRAM, PROGRAM_SUMMARY } from "./table.ts";
import { UsageError } from "./ui/error.ts";
import { readWords } from "./words.ts";

/** The command that a command line names. */
export interface Found {
  /** The whole name: `aircrate image build`. */
  readonly name: string;
  readonly summary: string;
  readonly command: Command<object>;
  /** What else there is in the line. */
  readonly words: readonly string[];
}

/** Follows the words of a command line from command to command, and loads none but those. */
export async function findCommand(words: readonly string[]): Promise<Found> {
  let found: Found = { name: "aircrate", summary: PROGRAM_SUMMARY, command: PROGRAM, words };
  for (;;) {
    const { name, command } = found;
    const { word, at } = firstBare(found);
    const entry = command.commands?.find((one) => one.name === word);
    if (entry === undefined) return found;
    const rest = found.words.toSpliced(at, 1);
    found = { name: `${name} ${entry.name}`, summary: entry.summary, command: await entry.load(), words: rest };
  }
}

/** Whether a command was found, but not the command of it that is named next. */
export function hasUnknown(found: Found): boolean {
  return found.command.commands !== undefined && firstBare(found).word !== undefined;
}

/** @throws UsageError when a command is named that there is not */
export function refuseUnknown(found: Found): void {
  if (!hasUnknown(found)) return;
  const { word = "" } = firstBare(found);
  throw new UsageError(`unknown command "${word}"${didYouMean(word, commandNames(found.command))}`);
}

/** The names of a command's commands. */
export function commandNames(command: Command<object>): string[] {
  return shownCommands(command).map(({ name }) => name);
}

/** The first word that is neither an option nor the value of one; `at` is -1 without. */
function firstBare({ words, command }: Found): { word: string | undefined; at: number } {
  const { bare } = readWords(words, command.options ?? {}, { halt: true });
  return bare.length === 0 ? { word: undefined, at: -1 } : { word: bare[0], at: words.length - bare.length };
}
