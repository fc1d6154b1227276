import { excerpt, fault } from "./fault.ts";

/** A character, or undefined for `?`. */
type Token = string | undefined;

/**
 * A pattern: the parts between its `*`, which take any number of characters. Neither `*` nor `?` takes a line feed, and
 * brackets mean nothing, as in BuildKit (shell/lex.go, convertShellPatternToRegex).
 */
type Pattern = readonly (readonly Token[])[];

export type PatternOperator = "#" | "%" | "/";

export interface PatternSubstitution {
  readonly operator: PatternOperator;
  /** The pattern. After `#` and `%` the same character in front of it asks for the longest match. */
  readonly written: string;
  /** `${name//pattern/text}`: every place that fits, not the first one only. */
  readonly every: boolean;
  readonly text: string;
  /** `file:line` for errors. */
  readonly where: string;
  /** Told how many characters are looked at or made; throws when it is too much. */
  readonly spend: (characters: number) => void;
}

/**
 * `${name#pattern}`, `##`, `%`, `%%`: takes the shortest or longest beginning or end that fits off a value.
 * `${name/pattern/text}`, `//`: puts a text in the place of the longest match, or of all of them. With `//` the text is,
 * as in BuildKit, a template of Go's regexp package: `$$` is a dollar sign, `$0` what was matched, other names are blank.
 *
 * @throws AircrateError input when the pattern escapes what needs no escape
 */
export function substitutePattern(value: string, substitution: PatternSubstitution): string {
  const { operator, written, spend } = substitution;
  const longest = operator === "/" || written.startsWith(operator);
  const pattern = readPattern(operator !== "/" && longest ? written.slice(1) : written, substitution.where);
  const characters = [...value];
  spend(characters.length);
  if (operator === "/") return replace({ characters, pattern, longest, spend }, substitution);
  if (operator === "#") {
    const end = matchAt(0, { characters, pattern, longest, spend });
    return typeof end === "number" ? characters.slice(end).join("") : value;
  }
  characters.reverse();
  const reversed = pattern.map((part) => [...part].reverse()).reverse();
  const end = matchAt(0, { characters, pattern: reversed, longest, spend });
  return typeof end === "number" ? characters.slice(end).reverse().join("") : value;
}

/** A backslash is for `*`, `?` and itself; `\}` and `\/` are what the substitution needs. */
function readPattern(text: string, where: string): Pattern {
  const parts: Token[][] = [[]];
  const characters = [...text];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*") {
      parts.push([]);
    } else if (character === "\\") {
      const next = characters[++at];
      if (next === undefined || !"*?\\}/".includes(next)) {
        throw fault(where, `"${excerpt(text, 40)}" is no pattern`, {
          reason: "a backslash can stand before *, ? and another backslash only",
        });
      }
      parts.at(-1)!.push(next);
    } else {
      parts.at(-1)!.push(character === "?" ? undefined : character);
    }
  }
  return parts;
}

function replace(search: Search, { text, every, spend }: PatternSubstitution): string {
  const { characters } = search;
  const result: string[] = [];
  let copied = 0;
  for (let from = 0; from <= characters.length; ) {
    const found = firstMatch(from, search);
    if (found === undefined) break;
    const [start, end] = found;
    for (let at = copied; at < start; at++) result.push(characters[at]!);
    // A match of nothing right behind another one does not count.
    if (end > copied || start === 0) {
      const inserted = every ? fillTemplate(text, characters.slice(start, end).join("")) : text;
      spend(inserted.length);
      result.push(inserted);
    }
    copied = end;
    if (!every) break;
    from = Math.max(end, from + 1);
  }
  for (let at = copied; at < characters.length; at++) result.push(characters[at]!);
  return result.join("");
}

interface Search {
  readonly characters: readonly string[];
  readonly pattern: Pattern;
  readonly longest: boolean;
  readonly spend: (characters: number) => void;
}

function firstMatch(from: number, search: Search): readonly [start: number, end: number] | undefined {
  const { characters } = search;
  for (let start = from; start <= characters.length; start++) {
    const end = matchAt(start, search);
    if (typeof end === "number") return [start, end];
    if (end === "nowhere in line") {
      const newline = characters.indexOf("\n", start);
      search.spend((newline < 0 ? characters.length : newline) - start);
      if (newline < 0) return undefined;
      start = newline;
    }
  }
  return undefined;
}

/**
 * The end of the shortest or longest match that begins at `start`. Each part is taken where it first fits, which leaves
 * most for those behind it; how far each `*` may reach is bounded by the line, so that for the longest match only the
 * last part moves: to the last place where it fits.
 *
 * @returns why there is none: the first part does not fit here, or a later one fits nowhere in the rest of the line,
 * which no other start in this line can change
 */
function matchAt(start: number, search: Search): number | "not here" | "nowhere in line" {
  const { pattern, longest } = search;
  const [first, ...others] = pattern;
  if (!fits(first!, start, search)) return "not here";
  let end = start + first!.length;
  for (const [index, part] of others.entries()) {
    const last = longest && index === others.length - 1;
    const found = last ? lastFit(part, end, search) : firstFit(part, end, search);
    if (found === undefined) return "nowhere in line";
    end = found + part.length;
  }
  return end;
}

function firstFit(part: readonly Token[], from: number, search: Search): number | undefined {
  const { characters } = search;
  for (let at = from; ; at++) {
    if (fits(part, at, search)) return at;
    if (at >= characters.length || characters[at] === "\n") return undefined;
  }
}

function lastFit(part: readonly Token[], from: number, search: Search): number | undefined {
  const { characters, spend } = search;
  let at = from;
  while (at < characters.length && characters[at] !== "\n") at++;
  spend(at - from);
  for (; at >= from; at--) if (fits(part, at, search)) return at;
  return undefined;
}

function fits(part: readonly Token[], at: number, { characters, spend }: Search): boolean {
  let length = 0;
  for (; length < part.length; length++) {
    const token = part[length];
    const character = characters[at + length];
    if (character === undefined || (token === undefined ? character === "\n" : token !== character)) break;
  }
  spend(length + 1);
  return length === part.length;
}

function fillTemplate(template: string, match: string): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (whole, braced?: string, bare?: string) => (whole === "$$" ? "$" : (braced ?? bare) === "0" ? match : ""),
  );
}
