export { bytes } from "../../lib/size-text.ts";

/** `1 problem`, `2 problems`. */
export function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

/** Enough of a digest for people to tell it from others. */
export function shortDigest(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}

/** Columns padded to their widest cell; `right` names those that hold numbers. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, width(cell))), []);
  return rows
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

/** `a, then b and c, then d`. */
export function launchOrderText(waves: readonly (readonly string[])[]): string {
  return waves.map((wave) => wave.join(" and ")).join(", then ");
}

/** What stands in files and answers must not steer the terminal: control characters are shown as `\\x1b`. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
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
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** Prints a warning on stderr: what worked all the same, but may not be what was meant. */
export function warn(text: string): void {
  process.stderr.write(`warning: ${printable(text)}\n`);
}
