import { jsonArray, splitInstruction } from "./split.ts";
import type { Escape, Heredoc } from "./types.ts";
import { expandWord, expandWords, type WordOptions } from "./words.ts";

export type HeredocStart = Omit<Heredoc, "content">;

const WITH_HEREDOCS: ReadonlySet<string> = new Set(["ADD", "COPY", "RUN"]);

/**
 * The here-documents that a line opens, in order. As in BuildKit only ADD, COPY and RUN can, also after ONBUILD, and
 * not in their JSON form; and the backslash escapes here whatever `# escape=` says.
 */
export function heredocsOf(line: string, escapeChar: Escape, where: string): HeredocStart[] {
  if (!line.includes("<<")) return [];
  let { keyword, rest } = splitInstruction(line, escapeChar);
  if (keyword === "ONBUILD") ({ keyword, rest } = splitInstruction(rest, escapeChar));
  if (!WITH_HEREDOCS.has(keyword) || jsonArray(rest) !== undefined) return [];
  return wordsOf(line, where).flatMap((word) => heredocOf(word, where) ?? []);
}

/** The here-document that a word of a line opens: `<<EOF`, `<<-EOF`, `3<<'EOF'`. */
export function heredocOf(word: string, where: string): HeredocStart | undefined {
  let at = 0;
  while (word[at]! >= "0" && word[at]! <= "9") at++;
  if (!word.startsWith("<<", at)) return undefined;
  at += 2;
  const stripTabs = word[at] === "-";
  const end = word.slice(stripTabs ? at + 1 : at).trimStart();
  if (end === "" || end.includes("<")) return undefined;
  const [name, more] = expandWords(end, raw(where, "remove"));
  if (name === undefined || more !== undefined) return undefined;
  const quoted = expandWord(end, raw(where, "keep"));
  return { name, stripTabs, expand: countQuotes(name) === countQuotes(quoted) };
}

/** Words with their quotes; none when the line does not split, since its text may follow a shell's own rules. */
function wordsOf(line: string, where: string): string[] {
  try {
    return expandWords(line, { ...raw(where, "keep"), keepEscapes: true });
  } catch {
    return [];
  }
}

function raw(where: string, quotes: "keep" | "remove"): WordOptions {
  return { escapeChar: "\\", where, quotes, keepUnset: true, lookup: () => undefined };
}

/** The text of a here-document before its variables are substituted. */
export function textOf({ content, stripTabs }: Heredoc): string {
  return stripTabs ? content.replace(/(^|\n)\t+/g, "$1") : content;
}

function countQuotes(text: string): number {
  let count = 0;
  for (const character of text) if (character === "'" || character === '"') count++;
  return count;
}
