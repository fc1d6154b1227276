import { compileGlob } from "../../tree/glob.ts";
import { excerpt } from "../fault.ts";
import { NotComputed } from "./not-computed.ts";
import type { ShellWord } from "./shell.ts";
import type { Word, WordPart } from "./types.ts";

/** @returns the value of a variable, undefined when it is not set */
export type Lookup = (name: string) => string | undefined;

/** What a shell sets itself, differently from one to the next. */
const OF_THE_SHELL =
  /^(?:PWD|OLDPWD|IFS|PPID|OPTIND|OPTARG|OPTERR|PS[0-4]|RANDOM|SRANDOM|LINENO|SECONDS|E?UID|GROUPS|HOSTNAME|HOSTTYPE|MACHTYPE|OSTYPE|SHLVL|SHELL|SHELLOPTS|TERM|PIPESTATUS|DIRSTACK|FUNCNAME|EPOCH\w*|BASH\w*|_)$/;

interface Character {
  readonly text: string;
  /** Not quoted: it may be a wildcard. */
  readonly active: boolean;
}

interface Field {
  home: boolean;
  /** Something was quoted in it, so that it is a word also when it is blank. */
  kept: boolean;
  readonly characters: Character[];
}

/**
 * The words that a word comes to: variables are substituted, and values that are not quoted are split at blanks. Wildcards
 * become patterns, as it takes the files to know what they match.
 *
 * @throws NotComputed
 */
export function expandShellWord(pieces: ShellWord, lookup: Lookup): Word[] {
  const fields: Field[] = [];
  let field: Field | undefined;
  const current = (): Field => {
    field ??= { home: false, kept: false, characters: [] };
    return field;
  };
  const end = () => {
    if (field !== undefined && (field.kept || field.home || field.characters.length > 0)) fields.push(field);
    field = undefined;
  };
  const add = (text: string, active: boolean) => {
    for (const character of text) current().characters.push({ text: character, active });
  };
  for (const piece of pieces) {
    if (piece.kind === "text") {
      add(piece.text, !piece.quoted);
      if (piece.quoted) current().kept = true;
      continue;
    }
    const name = piece.kind === "home" ? "HOME" : piece.name;
    const value = lookup(name);
    const quoted = piece.kind === "home" || piece.quoted;
    if (name === "HOME" && value === undefined) {
      if (current().characters.length > 0 || current().home) throw new NotComputed("$HOME stands inside of a word");
      current().home = true;
    } else if (value === undefined && OF_THE_SHELL.test(name)) {
      throw new NotComputed(`the variable ${name} is set by the shell`);
    } else if (quoted) {
      current().kept = true;
      add(value ?? "", false);
    } else {
      addSplit(value ?? "", name);
    }
  }
  end();
  return fields.map(wordOf);

  function addSplit(value: string, name: string): void {
    if (value.includes("\\"))
      throw new NotComputed(`the value of ${name} has a backslash, which shells read differently`);
    for (const part of value.split(/([ \t\n]+)/)) {
      if (/^[ \t\n]/.test(part)) end();
      else if (part !== "") add(part, true);
    }
  }
}

function wordOf({ home, characters }: Field): Word {
  const text = characters.map((character) => character.text).join("");
  const parts: WordPart[] = [];
  let from = 0;
  for (let at = 0; at <= characters.length; at++) {
    if (at < characters.length && characters[at]!.text !== "/") continue;
    parts.push(partOf(characters.slice(from, at)));
    from = at + 1;
  }
  if (home && text !== "" && !text.startsWith("/")) throw new NotComputed("$HOME stands inside of a word");
  return {
    text,
    ...(home && { home }),
    ...(parts.some(({ glob }) => glob !== undefined) && { parts }),
  };
}

function partOf(characters: readonly Character[]): WordPart {
  const text = characters.map((character) => character.text).join("");
  let glob = "";
  let isPattern = false;
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    const bracket = character.active && character.text === "[" ? bracketAt(characters, at, text) : undefined;
    if (bracket !== undefined) {
      glob += bracket.glob;
      at = bracket.end;
      isPattern = true;
    } else if (character.active && (character.text === "*" || character.text === "?")) {
      glob += character.text;
      isPattern = true;
    } else {
      glob += /[*?[\\]/.test(character.text) ? `\\${character.text}` : character.text;
    }
  }
  if (!isPattern) return { text };
  const matches = compile(glob, text);
  if (glob.startsWith(".") && (matches(".") || matches(".."))) {
    throw new NotComputed(`${excerpt(text, 30)} matches the folder itself and the one above to some shells`);
  }
  return { text, glob };
}

function compile(glob: string, shown: string): (name: string) => boolean {
  try {
    return compileGlob(glob);
  } catch {
    throw new NotComputed(`shells read the pattern ${excerpt(shown, 30)} differently`);
  }
}

/** A class as `compileGlob` has it. @returns nothing when the bracket is not closed: then it stands for itself */
function bracketAt(
  characters: readonly Character[],
  start: number,
  shown: string,
): { readonly glob: string; readonly end: number } | undefined {
  const is = (at: number, text: string) => characters[at]?.active === true && characters[at].text === text;
  const negated = is(start + 1, "!");
  const first = negated ? start + 2 : start + 1;
  let end = first;
  if (is(end, "]")) end += 1;
  while (end < characters.length && !is(end, "]")) end += 1;
  if (end >= characters.length) return undefined;
  let glob = negated ? "[^" : "[";
  for (let at = first; at < end; at++) {
    const { text } = characters[at]!;
    if ((text === "^" && at === start + 1) || (is(at, "[") && /^[:.=]$/.test(characters[at + 1]?.text ?? ""))) {
      throw new NotComputed(`shells read the pattern ${excerpt(shown, 30)} differently`);
    }
    const isRange = is(at, "-") && at > first && at < end - 1;
    glob += isRange ? "-" : `\\${text}`;
  }
  return { glob: `${glob}]`, end };
}
