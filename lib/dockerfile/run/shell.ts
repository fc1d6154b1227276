import { excerpt } from "../fault.ts";
import { NotComputed } from "./not-computed.ts";

/** A stretch of a word. What is not quoted is split at blanks when it is a variable, and may have wildcards. */
export type Piece =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "variable"; readonly name: string; readonly quoted: boolean }
  /** `~` in front of a word. */
  | { readonly kind: "home" };

export type ShellWord = readonly Piece[];

export interface SimpleCommand {
  readonly words: readonly ShellWord[];
  /** As it is written, on one line. */
  readonly text: string;
}

/** What ends a simple command, and what is said of it when it is more than the next one following. */
const OPERATORS: readonly (readonly [operator: string, refusal: string | undefined])[] = [
  ["&&", undefined],
  ["||", '"||" depends on whether a command fails'],
  [";;", '";;" belongs to a case'],
  [";", undefined],
  ["\n", undefined],
  ["|&", "a pipe joins programs"],
  ["|", "a pipe joins programs"],
  ["&>", "a redirection writes what a program prints"],
  ["&", '"&" starts a program beside others'],
  ["(", '"(" starts another shell or a function'],
  [")", '")" has no "("'],
  ["<<", "a here-document is read by a program"],
  ["<", "a redirection is read by a program"],
  [">", "a redirection writes what a program prints"],
];

const PLAIN = /[^ \t\n\\'"$`;&|()<>]+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const KEYWORDS: ReadonlySet<string> = new Set(
  "! { } if then elif else fi for while until do done case esac in select function time coproc [[".split(" "),
);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(?:\[.*\])?\+?=/;

interface Scan {
  readonly script: string;
  at: number;
}

/**
 * Reads a script that consists of simple commands one after the other, joined by `&&`, `;` or line ends: words with
 * quotes, escapes, `$NAME`, `${NAME}`, wildcards and `~`, and comments (POSIX.1-2017, "Shell Command Language").
 *
 * Where shells differ, as in `{a,b}` and `$'a'`, nothing is assumed.
 *
 * @throws NotComputed for everything else that a shell would act on, and for a script that no shell would take
 */
export function readScript(script: string): SimpleCommand[] {
  const scan: Scan = { script, at: 0 };
  const commands: SimpleCommand[] = [];
  /** `&&` came, and its second command did not yet. */
  let pending = false;
  for (;;) {
    const { command, operator } = readCommand(scan);
    if (command !== undefined) {
      commands.push(command);
    } else if (operator === "&&" || operator === ";" || (operator === undefined && pending)) {
      throw new NotComputed(`there is no command ${operator === undefined ? "behind &&" : `before ${operator}`}`);
    }
    if (operator === undefined) return commands;
    pending = operator === "&&" || (operator === "\n" && command === undefined && pending);
  }
}

function readCommand(scan: Scan): { command?: SimpleCommand; operator?: string } {
  const { script } = scan;
  const words: ShellWord[] = [];
  let start = scan.at;
  let end = scan.at;
  for (;;) {
    skipBlanks(scan);
    const [operator, refusal] = OPERATORS.find(([text]) => script.startsWith(text, scan.at)) ?? [];
    if (refusal !== undefined) throw new NotComputed(refusal);
    if (operator !== undefined || scan.at >= script.length) {
      scan.at += operator?.length ?? 0;
      const text = excerpt(script.slice(start, end).replaceAll("\\\n", ""));
      return { ...(words.length > 0 && { command: { words, text } }), ...(operator !== undefined && { operator }) };
    }
    if (words.length === 0) start = scan.at;
    words.push(readWord(scan, words.length === 0));
    end = scan.at;
  }
}

/** Blanks, continued lines and comments. */
function skipBlanks(scan: Scan): void {
  const { script } = scan;
  for (;;) {
    const character = script[scan.at];
    if (character === " " || character === "\t") scan.at += 1;
    else if (script.startsWith("\\\n", scan.at)) scan.at += 2;
    else if (character === "#") {
      const end = script.indexOf("\n", scan.at);
      scan.at = end < 0 ? script.length : end;
    } else return;
  }
}

function readWord(scan: Scan, isFirst: boolean): ShellWord {
  const { script } = scan;
  const start = scan.at;
  const pieces: Piece[] = [];
  while (scan.at < script.length && !" \t\n;&|()<>".includes(script[scan.at]!)) readPiece(scan, pieces);
  checkWord(pieces, isFirst, script.slice(start, scan.at));
  return pieces;
}

function readPiece(scan: Scan, pieces: Piece[]): void {
  const { script } = scan;
  const character = script[scan.at]!;
  if (character === "\\") {
    const next = script[scan.at + 1];
    if (next !== "\n") pieces.push({ kind: "text", text: next ?? "\\", quoted: true });
    scan.at += 2;
  } else if (character === "'") {
    const end = script.indexOf("'", scan.at + 1);
    if (end < 0) throw new NotComputed("a quote ' is not closed");
    pieces.push({ kind: "text", text: script.slice(scan.at + 1, end), quoted: true });
    scan.at = end + 1;
  } else if (character === '"') {
    scan.at += 1;
    readQuoted(scan, pieces);
  } else if (character === "$") {
    pieces.push(readVariable(scan, false));
  } else if (character === "`") {
    throw new NotComputed("` takes what a program prints");
  } else if (character === "~" && pieces.length === 0) {
    scan.at += 1;
    pieces.push({ kind: "home" });
  } else {
    PLAIN.lastIndex = scan.at;
    const text = PLAIN.exec(script)![0];
    pieces.push({ kind: "text", text, quoted: false });
    scan.at += text.length;
  }
}

/** Behind `"`: variables are substituted, and a backslash is one unless it is before `$`, a backquote, `"` or itself. */
function readQuoted(scan: Scan, pieces: Piece[]): void {
  const { script } = scan;
  let text = "";
  const flush = () => {
    pieces.push({ kind: "text", text, quoted: true });
    text = "";
  };
  while (scan.at < script.length) {
    const character = script[scan.at]!;
    const next = script[scan.at + 1] ?? "";
    if (character === '"') {
      scan.at += 1;
      flush();
      return;
    }
    if (character === "`") throw new NotComputed("` takes what a program prints");
    if (character === "$") {
      flush();
      pieces.push(readVariable(scan, true));
    } else if (character === "\\" && next !== "" && '$`"\\\n'.includes(next)) {
      if (next !== "\n") text += next;
      scan.at += 2;
    } else {
      text += character;
      scan.at += 1;
    }
  }
  throw new NotComputed('a quote " is not closed');
}

function readVariable(scan: Scan, quoted: boolean): Piece {
  const { script } = scan;
  const start = scan.at;
  const braced = script[start + 1] === "{";
  NAME.lastIndex = start + (braced ? 2 : 1);
  const name = NAME.exec(script)?.[0];
  const next = script[start + 1] ?? "";
  if (name === undefined || braced) {
    if (name !== undefined && script[NAME.lastIndex] === "}") {
      scan.at = NAME.lastIndex + 1;
      return { kind: "variable", name, quoted };
    }
    if (next === "(") throw new NotComputed("$( ) takes what a program prints, or calculates");
    if (braced || /[0-9@*#?$!-]/.test(next)) {
      throw new NotComputed(`${excerpt(script.slice(start, start + 20), 12)} is more than the value of a variable`);
    }
    if (!quoted && (next === "'" || next === '"')) throw new NotComputed(`$${next} means different things to shells`);
    scan.at += 1;
    return { kind: "text", text: "$", quoted: true };
  }
  scan.at = NAME.lastIndex;
  return { kind: "variable", name, quoted };
}

function checkWord(pieces: ShellWord, isFirst: boolean, written: string): void {
  const shown = excerpt(written, 30);
  const bare = pieces.map((piece) => (piece.kind === "text" && !piece.quoted ? piece.text : "\0")).join("");
  if (isFirst && KEYWORDS.has(written)) throw new NotComputed(`"${written}" is a construct of the shell`);
  if (isFirst && ASSIGNMENT.test(bare)) throw new NotComputed(`${shown} sets a variable of the shell`);
  if (/\{[^{}]*(?:,|\.\.)[^{}]*\}/.test(bare)) throw new NotComputed(`${shown} is several words to some shells only`);
  if (pieces[0]?.kind === "home" && pieces.length > 1 && !bare.startsWith("\0/")) {
    throw new NotComputed(`${shown} is the home folder of somebody`);
  }
}
