import { accepts, codePoints, type GlobItem, type GlobSingle, parseGlob } from "./glob.ts";

/** A path under test, relative to the context, with its code points. */
export interface IgnorePath {
  readonly text: string;
  readonly codes: readonly number[];
}

export function ignorePath(text: string): IgnorePath {
  return { text, codes: codePoints(text) };
}

/** `star` is any run without `/`, `folders` nothing or any run that ends in `/`, `rest` any run up to the end. */
type Step = GlobSingle | { readonly kind: "star" } | { readonly kind: "folders" } | { readonly kind: "rest" };

const SLASH = 0x2f;
const NEWLINE = 0x0a;
const DOT = 0x2e;
const CLOSING_BRACKET = 0x5d;

/** A valid repetition of Go's regexp syntax, which `{` begins only when all of it is there. */
const REPETITION = /^\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}/;

/**
 * A matcher for one cleaned pattern of a `.dockerignore` file, without its `!`, as github.com/moby/patternmatcher reads
 * it, which BuildKit uses. It matches the path itself only; folders above are the caller's.
 *
 * moby accepts a pattern by `filepath.Match`, then matches by a regular expression made of it, in which some characters
 * keep a meaning that no document gives them (`|`, `^`, `{2}`, `\d`, `[*]`). Those are refused, not guessed.
 *
 * @throws Error for a malformed pattern and for one with such a character
 */
export function compileIgnorePattern(pattern: string): (path: IgnorePath) => boolean {
  parseGlob(checkedPart(pattern));
  const items = parseGlob(pattern, "regexp");
  if (!items.some(isSpecial)) return ({ text }) => text === pattern;
  if (doubleStar(items, 0) && !items.slice(2).some(isSpecial)) return endsLike(pattern.slice(2));
  if (doubleStar(items, items.length - 2) && !items.slice(0, -2).some(isSpecial)) {
    const start = pattern.slice(0, -2);
    return ({ text }) => text.startsWith(start);
  }
  refuseLeaks(pattern, items);
  return stepMatcher(toSteps(items));
}

/**
 * The front of the pattern that moby's check looks at. The check is `filepath.Match(pattern, ".")`, which stops after the
 * first stretch between stars that does not match: so `a*[-_]b` passes, as people write it, though `[-_]b` does not.
 */
function checkedPart(pattern: string): string {
  const first = stretchEnd(pattern, 0);
  const items = parseGlob(pattern.slice(0, first)).filter((item) => item.kind !== "star");
  const onlyDot = items.length === 1 && accepts(items[0]!, DOT);
  return pattern.slice(0, onlyDot ? stretchEnd(pattern, first) : first);
}

/** Where the stars at `from` and what follows them up to the next star end; a star inside [ ] is none. */
function stretchEnd(pattern: string, from: number): number {
  let at = from;
  while (pattern[at] === "*") at += 1;
  let inside = false;
  for (; at < pattern.length; at++) {
    if (pattern[at] === "\\") at += 1;
    else if (pattern[at] === "[") inside = true;
    else if (pattern[at] === "]") inside = false;
    else if (pattern[at] === "*" && !inside) return at;
  }
  return pattern.length;
}

/** What makes moby match by regular expression instead of comparing text; a lone `]` does, though it means itself. */
function isSpecial(item: GlobItem): boolean {
  return item.kind !== "char" || item.escaped || item.code === CLOSING_BRACKET;
}

function doubleStar(items: readonly GlobItem[], at: number): boolean {
  return items[at]?.kind === "star" && items[at + 1]?.kind === "star";
}

/** The two stars of `**foo` and of the star-star-slash form cross folders: the first also matches `barfoo`. */
function endsLike(end: string): (path: IgnorePath) => boolean {
  const whole = end.startsWith("/") ? end.slice(1) : undefined;
  return ({ text }) => text.endsWith(end) || text === whole;
}

function toSteps(items: readonly GlobItem[]): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < items.length; ) {
    if (!doubleStar(items, at)) {
      steps.push(items[at]!);
      at += 1;
      continue;
    }
    at += 2;
    const after = items[at];
    if (after?.kind === "char" && after.code === SLASH && !after.escaped) at += 1;
    steps.push({ kind: at === items.length ? "rest" : "folders" });
  }
  return steps;
}

/** Follows all positions at once: time is the number of steps times the length of the path, whatever the pattern. */
function stepMatcher(steps: readonly Step[]): (path: IgnorePath) => boolean {
  const singles = steps.filter((step) => step.kind === "char" || step.kind === "any" || step.kind === "class").length;
  const start = literal(steps);
  const end = Array.from(literal([...steps].reverse()))
    .reverse()
    .join("");
  return ({ text, codes }) => {
    if (singles > codes.length || !text.startsWith(start) || !text.endsWith(end)) return false;
    let positions: readonly number[] = [0];
    for (const step of steps) {
      if (step.kind === "star") positions = afterStar(positions, codes);
      else if (step.kind === "folders") positions = afterFolders(positions, codes);
      else if (step.kind === "rest") return codes.lastIndexOf(NEWLINE) < positions.at(-1)!;
      else positions = positions.filter((at) => at < codes.length && accepts(step, codes[at]!)).map((at) => at + 1);
      if (positions.length === 0) return false;
    }
    return positions.at(-1) === codes.length;
  };
}

/** The characters at the front of the steps. */
function literal(steps: readonly Step[]): string {
  let text = "";
  for (const step of steps) {
    if (step.kind !== "char") break;
    text += String.fromCodePoint(step.code);
  }
  return text;
}

function afterStar(positions: readonly number[], codes: readonly number[]): number[] {
  const out: number[] = [];
  let next = 0;
  for (const position of positions) {
    if (position < next) continue;
    next = position;
    out.push(next);
    while (next < codes.length && codes[next] !== SLASH) out.push(++next);
    next += 1;
  }
  return out;
}

/** Go's `.` does not match a newline, so neither do the folders. */
function afterFolders(positions: readonly number[], codes: readonly number[]): number[] {
  const out: number[] = [];
  let index = 0;
  let open = false;
  for (let at = positions[0]!; at <= codes.length; at++) {
    const before = codes[at - 1];
    const here = positions[index] === at;
    if (here) index += 1;
    if (here || (open && before === SLASH)) out.push(at);
    open = here || (open && before !== NEWLINE);
  }
  return out;
}

function refuseLeaks(pattern: string, items: readonly GlobItem[]): void {
  for (const [index, item] of items.entries()) {
    const leak =
      item.kind === "class" ? leakOfClass(item) : item.kind === "char" ? leakOfChar(items, index) : undefined;
    if (leak !== undefined) throw new Error(`pattern ${JSON.stringify(pattern)}: ${leak}`);
  }
}

function leakOfChar(items: readonly GlobItem[], index: number): string | undefined {
  const item = items[index]!;
  if (item.kind !== "char") return undefined;
  const char = String.fromCodePoint(item.code);
  if (item.escaped) return leakOfEscape(char);
  if (char === "|" || char === "^") return `${char} together with wildcards needs a backslash`;
  if (char !== "{") return undefined;
  const run = items.slice(index, index + 32);
  const end = run.findIndex(isSpecial);
  const text = literal(end === -1 ? run : run.slice(0, end));
  return REPETITION.test(text) ? "{ before a number needs a backslash when wildcards are used" : undefined;
}

function leakOfClass(item: GlobItem & { kind: "class" }): string | undefined {
  const chars = Array.from(item.source.slice(1, -1));
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === "\\") {
      at += 1;
      const leak = leakOfEscape(chars[at]!);
      if (leak !== undefined) return leak;
    } else if (char === "*" || char === "?") {
      return `${char} inside [ ] needs a backslash`;
    } else if (char === "[" && chars[at + 1] === ":") {
      return "[: inside [ ] needs a backslash";
    }
  }
  return item.ranges.some(([low, high]) => low > high) ? "a range inside [ ] runs backwards" : undefined;
}

function leakOfEscape(char: string): string | undefined {
  if (/^[\x00-\x7f]$/.test(char) && !/^[0-9A-Za-z]$/.test(char)) return undefined;
  return `\\${char} has no meaning that a document gives it; a backslash belongs before punctuation only`;
}
