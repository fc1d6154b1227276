import { posix } from "node:path";
import { AircrateError } from "../error.ts";
import { compileIgnorePattern, type IgnorePath, ignorePath } from "./ignore-pattern.ts";

/** Largest `.dockerignore` file that is read, in bytes of UTF-8. */
export const MAX_DOCKERIGNORE_SIZE = 1024 * 1024;
/** Most patterns in one file. */
export const MAX_DOCKERIGNORE_PATTERNS = 10_000;
/** Docker's reader gives up at lines of 64 KiB, line end included. Bytes of UTF-8. */
const MAX_LINE_SIZE = 64 * 1024 - 1;
/** Patterns times folders whose results are remembered; one byte each. */
const MAX_REMEMBERED = 8 * 1024 * 1024;

export interface IgnoreRules {
  /**
   * Whether the path is left out of the context. `path` is relative to the context, clean, with `/` and without a
   * leading or trailing one; `""` and `"."`, the context itself, are never left out. Everything below an excluded folder
   * must be asked for as well when there are exceptions; without them it is excluded too.
   */
  excludes(path: string): boolean;
  /** Whether a `!` pattern may bring back something below an excluded folder. */
  readonly hasExceptions: boolean;
}

interface Rule {
  readonly exception: boolean;
  readonly matches: (path: IgnorePath) => boolean;
}

/** Per rule, 1 when it matched the folder or one above it. */
type RuleMatches = Uint8Array;

/**
 * Reads a `.dockerignore` file as BuildKit does (moby/patternmatcher with its package ignorefile; docs.docker.com, build
 * context, ".dockerignore files"). `file` is the name for messages.
 *
 * @throws AircrateError input, located at the line, for a malformed pattern and for one beyond the limits
 */
export function parseDockerignore(text: string, file: string): IgnoreRules {
  if (Buffer.byteLength(text) > MAX_DOCKERIGNORE_SIZE) {
    throw new AircrateError("input", "larger than 1 MiB", { where: file, hint: "Use fewer, wider patterns." });
  }
  const rules: Rule[] = [];
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  for (const [index, line] of body.split("\n").entries()) {
    const where = `${file}:${index + 1}`;
    const rule = parseLine(line.endsWith("\r") ? line.slice(0, -1) : line, where);
    if (rule !== undefined) rules.push(rule);
    if (rules.length > MAX_DOCKERIGNORE_PATTERNS) {
      throw new AircrateError("input", `more than ${MAX_DOCKERIGNORE_PATTERNS} patterns`, { where });
    }
  }
  return ignoreRules(rules);
}

/**
 * The same rules from patterns that are given one by one, as `COPY --exclude` does.
 *
 * @throws AircrateError input
 */
export function patternRules(patterns: readonly string[], where: string): IgnoreRules {
  return ignoreRules(patterns.flatMap((pattern) => parsePattern(pattern, where) ?? []));
}

/** A rule, or undefined for a comment or a blank line. Trimming and cleaning go in Docker's order, twice, as there. */
function parseLine(line: string, where: string): Rule | undefined {
  if (Buffer.byteLength(line) > MAX_LINE_SIZE) {
    throw new AircrateError("input", "line longer than 64 KiB", { where, reason: "Docker cannot read it either." });
  }
  if (line.startsWith("#")) return undefined;
  return parsePattern(line, where);
}

function parsePattern(text: string, where: string): Rule | undefined {
  const trimmed = trim(text);
  if (trimmed === "") return undefined;
  const inverted = trimmed.startsWith("!");
  const relative = fromContext(inverted ? trim(trimmed.slice(1)) : trimmed);
  const pattern = clean(trim(inverted ? `!${relative}` : relative));
  if (pattern === "!") {
    throw new AircrateError("input", "! without a pattern", {
      where,
      hint: "Name what to keep, for example !README.md",
    });
  }
  // A slash may have hidden the mark (`/!keep`), so it is looked for once more.
  const exception = pattern.startsWith("!");
  try {
    return { exception, matches: compileIgnorePattern(exception ? pattern.slice(1) : pattern) };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new AircrateError("input", what, {
      where,
      hint: "To match a character as it is, write a backslash before it.",
      cause: error,
    });
  }
}

function fromContext(pattern: string): string {
  if (pattern === "") return "";
  const cleaned = clean(pattern);
  return cleaned.length > 1 && cleaned.startsWith("/") ? cleaned.slice(1) : cleaned;
}

/** Go's `path.Clean`. */
function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Go's `strings.TrimSpace`, whose white space is not that of JavaScript. By index: no regular expression to be slow. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start]!)) start += 1;
  while (end > start && isSpace(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

function isSpace(char: string): boolean {
  return /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/.test(char);
}

function ignoreRules(rules: readonly Rule[]): IgnoreRules {
  const folders = new Map<string, RuleMatches>();
  const remembered = Math.max(1, Math.floor(MAX_REMEMBERED / Math.max(1, rules.length)));

  const folderMatches = (folder: string): RuleMatches => {
    let at = folder.length;
    while (at > 0 && !folders.has(folder.slice(0, at))) at = folder.lastIndexOf("/", at - 1);
    let found = folders.get(folder.slice(0, Math.max(at, 0))) ?? new Uint8Array(rules.length);
    while (at < folder.length) {
      const next = folder.indexOf("/", at + 1);
      at = next === -1 ? folder.length : next;
      const name = folder.slice(0, at);
      found = decide(rules, name, found).matched;
      if (folders.size >= remembered) folders.clear();
      folders.set(name, found);
    }
    return found;
  };

  return {
    hasExceptions: rules.some((rule) => rule.exception),
    excludes(path) {
      if (rules.length === 0 || path === "" || path === ".") return false;
      const slash = path.lastIndexOf("/");
      const above = slash === -1 ? new Uint8Array(rules.length) : folderMatches(path.slice(0, slash));
      return decide(rules, path, above).excluded;
    },
  };
}

/**
 * The last rule that matches the path or a folder above it wins. A rule that could not change the verdict is not tried,
 * and so not remembered for what is below, exactly as BuildKit's walk does it: with `foo/*.txt` and then `!foo`, the file
 * foo/a.txt stays excluded, since `!foo` had nothing to bring back when the folder foo was visited.
 */
function decide(rules: readonly Rule[], text: string, above: RuleMatches): { excluded: boolean; matched: RuleMatches } {
  const path = ignorePath(text);
  const matched = new Uint8Array(rules.length);
  let excluded = false;
  for (const [index, rule] of rules.entries()) {
    if (above[index] === 0 && (rule.exception !== excluded || !rule.matches(path))) continue;
    matched[index] = 1;
    excluded = !rule.exception;
  }
  return { excluded, matched };
}
