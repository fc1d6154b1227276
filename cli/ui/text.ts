import { colored } from "./color.ts";
import { writeLines } from "./stderr.ts";

export { bytes, bytesOf } from "../../lib/size-text.ts";

/** A time for people, from milliseconds: `45 s`, `3:07`, `1:02:03`. */
export function duration(milliseconds: number): string {
  const all = Math.round(milliseconds / 1000);
  if (all < 60) return `${all} s`;
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours === 0 ? `${minutes}:${two(seconds)}` : `${hours}:${two(minutes)}:${two(seconds)}`;
}

/** `1 problem`, `2 problems`. */
export function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

/** Enough of a digest for people to tell it from others. */
export function shortDigest(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}

/** Columns padded to their widest cell; `right` names those that hold numbers. A line end in a cell makes no line. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const shown = rows.map((row) => row.map(oneLine));
  const widths = shown.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, width(cell))), []);
  return shown
    .map((row) =>
      row
        .map((cell, i) => pad(cell, widths[i]!, right.includes(i)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

function pad(cell: string, size: number, right: boolean): string {
  const space = " ".repeat(size - width(cell));
  return right ? space + cell : cell + space;
}

function width(cell: string): number {
  return [...cell].length;
}

/** Cuts a text in the middle of nowhere: what comes from files must not break the layout. */
export function excerpt(text: string, size: number): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  return line.length <= size ? line : `${line.slice(0, size - 1)}…`;
}

/**
 * Cells of a terminal that a text takes at most. Wide are only characters from U+1100 on (Unicode Standard Annex #11),
 * and those all count as wide but for punctuation: what is too short for its place does no harm.
 */
export function cells(text: string): number {
  let count = 0;
  for (const character of text) count += /[^\u0000-\u10ff\u2000-\u206f]/u.test(character) ? 2 : 1;
  return count;
}

/** A text on one line, with what stands in its middle left out so that it takes no more than `size` cells. */
export function shorten(text: string, size: number): string {
  const line = oneLine(text);
  if (cells(line) <= size) return line;
  const characters = [...line];
  const head = beginning(characters, Math.ceil((size - 1) / 2));
  const tail = beginning(characters.reverse(), Math.floor((size - 1) / 2)).reverse();
  return `${head.join("")}…${tail.join("")}`;
}

function beginning(characters: readonly string[], size: number): string[] {
  let room = size;
  const end = characters.findIndex((character) => {
    room -= cells(character);
    return room < 0;
  });
  return characters.slice(0, end);
}

/** `a, then b and c, then d`. */
export function launchOrderText(waves: readonly (readonly string[])[]): string {
  return waves.map((wave) => wave.join(" and ")).join(", then ");
}

/**
 * What stands in files and answers must not steer the terminal: control characters are shown as `\\x1b`, and those that turn
 * the direction of a line, so that it reads as another one (Unicode Standard Annex 9, section 2), as `\\u202e`.
 */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      const code = character.charCodeAt(0).toString(16);
      return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
    },
  );
}

/** {@link printable}, for a name or text within a line: a line end is shown, too. */
export function oneLine(text: string): string {
  return printable(text).replaceAll("\n", "\\x0a");
}

/** Prints text on stdout. */
export function print(text: string): void {
  process.stdout.write(printable(text));
}

/** Prints a document on stdout, for programs. */
export function printJson(document: object): void {
  process.stdout.write(`${jsonText(document)}\n`);
}

/** JSON that steers no terminal: of the control characters, JSON escapes by itself only the first ones. */
export function jsonText(document: object): string {
  return JSON.stringify(document, null, 2).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

/** Prints a warning on stderr: what worked all the same, but may not be what was meant. */
export function warn(text: string): void {
  writeLines(`${colored("yellow", "warning:")} ${oneLine(text)}\n`);
}
