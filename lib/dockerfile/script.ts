import { isSpace } from "./space.ts";

const SEPARATORS: ReadonlySet<string> = new Set([";", "&", "|", "\n", "(", ")"]);

/**
 * The simple commands of a shell script, each as its words without quotes: enough to see which programs a RUN calls. It
 * is no shell: redirections and keywords stay as words, variables as they are written.
 */
export function simpleCommands(script: string): string[][] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word = "";
  let quote = "";
  const endWord = () => {
    if (word !== "") words.push(word);
    word = "";
  };
  for (let at = 0; at < script.length; at++) {
    const character = script[at]!;
    if (character === "\\" && quote !== "'") {
      if (script[++at] !== "\n") word += script[at] ?? "";
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
    } else if (SEPARATORS.has(character)) {
      endWord();
      if (words.length > 0) commands.push(words);
      words = [];
    } else if (isSpace(character)) {
      endWord();
    } else if (character === "#" && word === "") {
      const end = script.indexOf("\n", at);
      at = end < 0 ? script.length : end - 1;
    } else {
      word += character;
    }
  }
  endWord();
  if (words.length > 0) commands.push(words);
  return commands;
}

const PREFIXES: ReadonlySet<string> = new Set(
  "sudo exec command env time nohup if then else elif do while until ! {".split(" "),
);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;

/** The program that a simple command calls, without its folder, and what it is given. */
export function programOf(words: readonly string[]): readonly [program: string, args: readonly string[]] {
  let at = 0;
  while (at < words.length && (PREFIXES.has(words[at]!) || ASSIGNMENT.test(words[at]!))) at++;
  const program = words[at] ?? "";
  const name = program.slice(program.lastIndexOf("/") + 1);
  const args = words.slice(at + 1);
  if (/^python[0-9.]*$/.test(name) && args[0] === "-m" && args[1] !== undefined) return [args[1], args.slice(2)];
  return [name, args];
}
