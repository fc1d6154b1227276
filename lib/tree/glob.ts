/**
 * One element of a parsed pattern. `code` is a Unicode code point; `escaped` tells that a backslash stood before it.
 * `source` is the class as written, brackets included.
 */
export type GlobItem =
  | { readonly kind: "char"; readonly code: number; readonly escaped: boolean }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | {
      readonly kind: "class";
      readonly negated: boolean;
      readonly ranges: readonly CodeRange[];
      readonly source: string;
    };

export type CodeRange = readonly [low: number, high: number];

/** An element that stands for exactly one character. */
export type GlobSingle = Exclude<GlobItem, { readonly kind: "star" }>;

/** Singles that stand together; with `star`, anything but a slash may come before them. */
interface Chunk {
  readonly star: boolean;
  readonly singles: readonly GlobSingle[];
}

const SLASH = 0x2f;

/**
 * A matcher with the rules of Go's `path.Match` (on Unix also `path/filepath.Match`), which decide for `COPY` sources:
 * the pattern covers the whole path; `*` is any run without `/`, `?` one character but `/`, `[a-z]` and `[^a-z]` one
 * character of a class (a negated one may be `/`, as in Go), and a backslash takes the next character literally.
 * Never worse than pattern length times path length.
 *
 * @throws Error for a malformed pattern
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  const chunks = split(parseGlob(pattern));
  return (path) => matches(chunks, codePoints(path));
}

/**
 * The elements of a pattern in the grammar of Go's `path.Match`; `**` gives two stars. With `classes` "regexp", the
 * inside of [ ] is read as Go's regexp package does: `-` and a leading `]` may stand for themselves.
 *
 * @throws Error for a malformed pattern
 */
export function parseGlob(pattern: string, classes: "match" | "regexp" = "match"): GlobItem[] {
  const codes = codePoints(pattern);
  const items: GlobItem[] = [];
  for (let at = 0; at < codes.length; ) {
    const char = String.fromCodePoint(codes[at]!);
    if (char === "[") {
      const { item, next } = parseClass({ pattern, codes, at, strict: classes === "match" });
      items.push(item);
      at = next;
    } else if (char === "\\") {
      if (at + 1 === codes.length) throw malformed(pattern, "it ends with a backslash");
      items.push({ kind: "char", code: codes[at + 1]!, escaped: true });
      at += 2;
    } else {
      if (char === "*") items.push({ kind: "star" });
      else if (char === "?") items.push({ kind: "any" });
      else items.push({ kind: "char", code: codes[at]!, escaped: false });
      at += 1;
    }
  }
  return items;
}

/** Whether one character may stand where the element does. */
export function accepts(item: GlobSingle, code: number): boolean {
  if (item.kind === "char") return item.code === code;
  if (item.kind === "any") return code !== SLASH;
  return item.ranges.some(([low, high]) => low <= code && code <= high) !== item.negated;
}

export function codePoints(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0)!);
}

/** Go takes the first place where a chunk fits and never comes back to it; so does this, which bounds the time too. */
function matches(chunks: readonly Chunk[], path: readonly number[]): boolean {
  let at = 0;
  for (const [index, { star, singles }] of chunks.entries()) {
    const last = index === chunks.length - 1;
    if (star && singles.length === 0) return !path.includes(SLASH, at);
    while (!fits(singles, path, at) || (last && at + singles.length !== path.length)) {
      if (!star || at >= path.length || path[at] === SLASH) return false;
      at += 1;
    }
    at += singles.length;
  }
  return at === path.length;
}

function fits(singles: readonly GlobSingle[], path: readonly number[], at: number): boolean {
  return at + singles.length <= path.length && singles.every((item, index) => accepts(item, path[at + index]!));
}

function split(items: readonly GlobItem[]): Chunk[] {
  const chunks: Chunk[] = [];
  let star = false;
  let singles: GlobSingle[] = [];
  for (const item of items) {
    if (item.kind !== "star") {
      singles.push(item);
      continue;
    }
    if (singles.length > 0) chunks.push({ star, singles });
    star = true;
    singles = [];
  }
  if (star || singles.length > 0) chunks.push({ star, singles });
  return chunks;
}

interface ClassPlace {
  readonly pattern: string;
  readonly codes: readonly number[];
  /** Index of the opening bracket. */
  readonly at: number;
  readonly strict: boolean;
}

/** A class needs one range at least; where it is `strict`, `-` and `]` stand for themselves only when escaped. */
function parseClass({ pattern, codes, at, strict }: ClassPlace): { item: GlobItem; next: number } {
  const charAt = (index: number) => (index < codes.length ? String.fromCodePoint(codes[index]!) : "");
  const bound = (index: number): { code: number; next: number } => {
    const char = charAt(index);
    if (strict && char === "-") throw malformed(pattern, "a literal - inside [ ] needs a backslash");
    if (strict && char === "]") throw malformed(pattern, "a range or a class inside [ ] is empty");
    const place = char === "\\" ? index + 1 : index;
    if (place >= codes.length) throw malformed(pattern, "[ is never closed");
    return { code: codes[place]!, next: place + 1 };
  };
  const negated = charAt(at + 1) === "^";
  const ranges: CodeRange[] = [];
  let next = negated ? at + 2 : at + 1;
  while (ranges.length === 0 || charAt(next) !== "]") {
    const low = bound(next);
    const ranged = charAt(low.next) === "-" && (strict || !["]", ""].includes(charAt(low.next + 1)));
    const high = ranged ? bound(low.next + 1) : low;
    ranges.push([low.code, high.code]);
    next = high.next;
  }
  next += 1;
  const source = codes
    .slice(at, next)
    .map((code) => String.fromCodePoint(code))
    .join("");
  return { item: { kind: "class", negated, ranges, source }, next };
}

function malformed(pattern: string, why: string): Error {
  return new Error(`malformed pattern ${JSON.stringify(pattern)}: ${why}`);
}
