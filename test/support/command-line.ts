import { dockerWords } from "../../cli/docker.ts";
import { type Found, findCommand, refuseUnknown } from "../../cli/find.ts";
import { parseWords } from "../../cli/parse.ts";

const OPERATORS = new Set(["&&", "||", "|", ";", "\n"]);

/** The runs of aircrate in a piece of shell, each as the words behind its name; what goes into or out of files left out. */
export function aircrateLines(shell: string): string[][] {
  const lines: string[][] = [[]];
  for (const word of shellWords(shell)) {
    if (OPERATORS.has(word)) lines.push([]);
    else lines.at(-1)?.push(word);
  }
  return lines.flatMap((words) => {
    const at = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
    return words[at] === "aircrate" ? [withoutRedirections(words.slice(at + 1))] : [];
  });
}

/** Reads a command line as the program does, which may refuse it. @throws UsageError */
export async function parseLine(words: readonly string[]): Promise<Found & { args: Record<string, unknown> }> {
  const found = await findCommand(dockerWords(words));
  refuseUnknown(found);
  return { ...found, args: parseWords(found.words, found.command) };
}

/** Splits as far as documentation goes: quotes, comments, lines that go on, operators. */
function shellWords(shell: string): string[] {
  const parts = shell.matchAll(/\\\n|(?<=^|\s)#[^\n]*|\n|&&|\|\|?|;|[<>]+|(?:'[^']*'|"[^"]*"|[^\s'"|;<>&])+/gm);
  return [...parts]
    .map(([part]) => part)
    .filter((part) => !/^(\\\n|#)/.test(part))
    .map(unquoted);
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? "");
}

function withoutRedirections(words: readonly string[]): string[] {
  return words.filter((word, i) => !/^[<>]+$/.test(word) && !/^[<>]+$/.test(words[i - 1] ?? ""));
}
