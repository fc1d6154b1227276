import { cells } from "../text.ts";

/** The part of a terminal's stream that a screen needs. */
export type Terminal = Pick<NodeJS.WriteStream, "write" | "columns" | "rows">;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Lines at the end of what a terminal shows, which are drawn anew in place. The cursor stands below them. */
export interface Screen {
  /** @param lines for a size of the terminal: without control characters, none wider than that */
  draw(lines: (size: Size) => readonly string[]): void;
  /** Writes whole lines that stay, in front of the others. */
  above(text: string): void;
  clear(): void;
}

const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

export function createScreen(terminal: Terminal): Screen {
  let drawn: readonly string[] = [];
  let width = 0;

  /**
   * To the first line. A terminal that became narrower has wrapped the lines, as most do; one that cuts lines off instead
   * loses a little of what stood above.
   */
  function toTop(columns: number): string {
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(cells(line) / columns)), 0);
    return rows === 0 ? "" : `\x1b[${rows}A\r`;
  }

  /** What takes away the lines that are there, if any are. */
  function away(): string {
    const text = drawn.length > 0 ? `${toTop(sizeOf(terminal).columns)}${CLEAR_BELOW}` : "";
    drawn = [];
    return text;
  }

  return {
    draw(make) {
      const size = sizeOf(terminal);
      const lines = make(size);
      const same = lines.length === drawn.length && lines.every((line, i) => line === drawn[i]);
      if (same && width === size.columns) return;
      // In one piece, over what is there: no moment shows half of it.
      terminal.write(`${toTop(size.columns)}${textOf(lines)}${CLEAR_BELOW}`);
      drawn = lines;
      width = size.columns;
    },
    above(text) {
      terminal.write(`${away()}${text}`);
    },
    clear() {
      if (drawn.length > 0) terminal.write(away());
    },
  };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}${CLEAR_LINE}\n`).join("");
}

/** Where a terminal does not tell its size, that of the first ones. */
function sizeOf({ columns, rows }: Terminal): Size {
  return { columns: columns || 80, rows: rows || 24 };
}
