import assert from "node:assert/strict";
import test from "node:test";
import { createScreen as createDrawing } from "../../../cli/ui/progress/screen.ts";
import { createScreen } from "../../support/screen.ts";

/** A drawing on a real terminal's screen, and that screen. */
function drawingOn(columns: number, rows: number) {
  const screen = createScreen({ columns, rows });
  const size = { columns, rows };
  let written = Promise.resolve();
  let writes = 0;
  const drawing = createDrawing({
    ...size,
    get columns() {
      return size.columns;
    },
    write(text: string | Uint8Array) {
      writes += 1;
      // As the driver of a terminal has it.
      written = screen.write(String(text).replaceAll("\n", "\r\n"));
      return true;
    },
  });
  return {
    drawing,
    writes: () => writes,
    async seen() {
      await written;
      return screen.text();
    },
    async resize(width: number) {
      await written;
      size.columns = width;
      screen.resize({ columns: width, rows });
    },
  };
}

const LONG = ["first ".padEnd(50, "1"), "second ".padEnd(59, "2"), "total"];

test("lines are drawn in place of those before, and what stays is put above them", async () => {
  const { drawing, seen, writes } = drawingOn(60, 10);
  drawing.above("before\n");
  drawing.draw(() => LONG);
  drawing.draw(() => LONG);
  assert.equal(writes(), 2, "nothing is written when nothing changed");
  drawing.draw(() => ["short", "total"]);
  assert.equal(await seen(), "before\nshort\ntotal");
  drawing.above("warning: one\nwarning: two\n");
  drawing.draw(() => LONG);
  assert.equal(await seen(), ["before", "warning: one", "warning: two", ...LONG].join("\n"));
  drawing.clear();
  assert.equal(await seen(), "before\nwarning: one\nwarning: two");
  drawing.clear();
  assert.equal(await seen(), "before\nwarning: one\nwarning: two");
});

test("a terminal that becomes narrower or wider leaves nothing behind", async () => {
  for (const widths of [[30], [59], [100], [20, 80], [7, 60, 13]]) {
    const { drawing, resize, seen } = drawingOn(60, 30);
    drawing.above("before\n");
    drawing.draw(() => LONG);
    for (const width of widths) {
      await resize(width);
      drawing.draw(({ columns }) => LONG.map((line) => line.slice(0, columns - 1)));
    }
    drawing.above("warning\n");
    drawing.draw(() => ["last"]);
    await resize(60);
    assert.equal(await seen(), "before\nwarning\nlast", widths.join());
    drawing.clear();
    assert.equal(await seen(), "before\nwarning");
  }
});
