import { type Directives, directiveReader } from "./directives.ts";
import { fault } from "./fault.ts";
import { type HeredocStart, heredocsOf } from "./heredoc.ts";
import { trimStart } from "./space.ts";
import type { Escape, Heredoc } from "./types.ts";

export const MAX_FILE_BYTES = 1_048_576;
export const MAX_LINE_BYTES = 65_536;
export const MAX_INSTRUCTIONS = 10_000;

/** One instruction's line: continuation lines joined, comments between them left out. */
export interface LogicalLine {
  readonly text: string;
  /** Physical lines, from 1; `last` includes here-documents. */
  readonly first: number;
  readonly last: number;
  readonly heredocs: readonly Heredoc[];
}

export interface Lines {
  readonly directives: Directives;
  readonly lines: readonly LogicalLine[];
}

/**
 * Splits a Dockerfile into logical lines as BuildKit's parser does. Lines may end in LF or CRLF, and a byte order mark
 * may stand in front. Comment lines and blank lines inside a continued instruction are passed over.
 *
 * @param text the file, decoded from UTF-8
 * @param file its name for messages
 * @throws AircrateError input: too large, NUL, wrong directive, unterminated here-document, no instruction
 */
export function readLines(text: string, file: string): Lines {
  checkText(text, file);
  const physical = physicalLines(text.startsWith("\ufeff") ? text.slice(1) : text);
  const reader = directiveReader();
  const lines: LogicalLine[] = [];
  let at = 0;
  while (at < physical.length) {
    const where = `${file}:${at + 1}`;
    const start = trimStart(withoutLineEnd(physical[at]!));
    reader.take(start, where);
    const { escapeChar } = reader.directives();
    let part = continuation(start.startsWith("#") ? "" : start, escapeChar);
    const first = ++at;
    if (!part.continued && part.text === "") continue;
    const parts = [part.text];
    let size = part.text.length;
    while (part.continued && at < physical.length) {
      const next = withoutLineEnd(physical[at++]!);
      const stripped = trimStart(next);
      if (stripped === "" || stripped.startsWith("#")) continue;
      part = continuation(next, escapeChar);
      parts.push(part.text);
      size += part.text.length;
      if (size > MAX_LINE_BYTES) break;
    }
    const line = parts.join("");
    checkLine(line, where);
    const heredocs: Heredoc[] = [];
    for (const heredoc of heredocsOf(line, escapeChar, where)) {
      const end = heredocEnd(physical, at, heredoc);
      if (end === undefined)
        throw fault(where, `the here-document <<${heredoc.name} has no line "${heredoc.name}" that ends it`);
      heredocs.push({ ...heredoc, content: physical.slice(at, end).join("") });
      at = end + 1;
    }
    lines.push({ text: line, first, last: at, heredocs });
    if (lines.length > MAX_INSTRUCTIONS) throw fault(where, `more than ${MAX_INSTRUCTIONS} instructions`);
  }
  if (lines.length === 0) throw fault(file, "no instruction in this file", { hint: "a Dockerfile starts with FROM" });
  return { directives: reader.directives(), lines };
}

function checkText(text: string, file: string): void {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw fault(file, "larger than 1 MiB, which no Dockerfile is");
  const nul = text.indexOf("\0");
  if (nul < 0) return;
  throw fault(`${file}:${text.slice(0, nul).split("\n").length}`, "a NUL byte: this is no text file");
}

function checkLine(line: string, where: string): void {
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) throw fault(where, "an instruction of more than 64 KiB");
}

/** The lines with their ends, since those belong to the content of a here-document. */
function physicalLines(text: string): string[] {
  const lines: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf("\n", start);
    const next = end < 0 ? text.length : end + 1;
    lines.push(text.slice(start, next));
    start = next;
  }
  return lines;
}

function withoutLineEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === "\n" || line[end - 1] === "\r")) end--;
  return line.slice(0, end);
}

/** A line goes on when its last character, blanks aside, is an escape character that is not itself escaped. */
function continuation(line: string, escapeChar: Escape): { readonly text: string; readonly continued: boolean } {
  let end = line.length;
  while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end--;
  const continued = line[end - 1] === escapeChar && line[end - 2] !== escapeChar;
  return { text: continued ? line.slice(0, end - 1) : line, continued };
}

function heredocEnd(physical: readonly string[], from: number, heredoc: HeredocStart): number | undefined {
  for (let at = from; at < physical.length; at++) {
    let line = withoutLineEnd(physical[at]!);
    if (heredoc.stripTabs) line = withoutLeadingTabs(line);
    if (line === heredoc.name) return at;
  }
  return undefined;
}

function withoutLeadingTabs(line: string): string {
  let start = 0;
  while (line[start] === "\t") start++;
  return line.slice(start);
}
