import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { layOut, MIN_AREA, TITLE, type Tile } from "../../lib/page/client/layout.ts";
import { listFiles } from "../../lib/page/client/model.ts";
import { type Rect, squarify } from "../../lib/page/client/squarify.ts";
import { growTree, type Item } from "../../lib/page/client/tree.ts";
import { pageData } from "../../lib/page/data.ts";
import { layer, packageOf } from "./package.ts";

const SIZES = fc
  .array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 60 })
  .map((sizes) => sizes.sort((a, b) => b - a));
const FRAME = { x: 3, y: 5, width: 800, height: 500 };

test("rectangles have the area of their sizes, lie in the frame and do not overlap", () => {
  fc.assert(
    fc.property(SIZES, (sizes) => {
      const rects = squarify(sizes, FRAME);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      for (const [i, rect] of rects.entries()) {
        near(rect.width * rect.height, (sizes[i]! / total) * FRAME.width * FRAME.height);
        assert.ok(isInside(rect, FRAME));
        for (const other of rects.slice(0, i)) assert.ok(overlap(rect, other) < 1e-3, `${i}`);
      }
      assert.equal(rects.length, sizes.length);
    }),
  );
});

test("equal sizes make squares", () => {
  for (const { width, height } of squarify([1, 1, 1, 1], { ...FRAME, width: 600, height: 600 })) {
    near(width, 300);
    near(height, 300);
  }
});

/** A tree by names; numbers are the sizes of files. */
function lines(item: Item, indent = ""): string[] {
  const { kind, name, size, children } = item;
  return [`${indent}${kind} ${name} ${size}`, ...children.flatMap((child) => lines(child, `${indent}  `))];
}

const BASE = layer("base", { "usr/lib/deep/a.so": "123456", "usr/lib/deep/b.so": "1234", motd: "12" });
const ONE = layer("one", { "app/main.py": "12345", "app/empty": "" });
const DATA = pageData(packageOf({ "one:1": [BASE, ONE], "two:1": [BASE, layer("two", {})] }));

test("what is shared is a group of its own; the largest is first; no folder only leads to another", () => {
  assert.deepEqual(lines(growTree(DATA, listFiles(DATA))), [
    "package app.auterionos 17",
    "  shared Shared layers 12",
    "    layer 1 · COPY base 12",
    "      folder usr/lib/deep 10",
    "        file a.so 6",
    "        file b.so 4",
    "      file motd 2",
    "  image one:1 5",
    "    layer 2 · COPY one 5",
    "      folder app 5",
    "        file main.py 5",
    "        file empty 0",
  ]);
});

test("a tree of some files is without what they are not in", () => {
  const found = listFiles(DATA).filter(({ path }) => path.endsWith("b.so"));
  assert.deepEqual(lines(growTree(DATA, found)), [
    "package app.auterionos 4",
    "  shared Shared layers 4",
    "    layer 1 · COPY base 4",
    "      folder usr/lib/deep 4",
    "        file b.so 4",
  ]);
  assert.deepEqual(lines(growTree(DATA, [])), ["package app.auterionos 0"]);
});

/** A package of so many files in one folder, the largest of `1 << bits` bytes. */
function treeOf(count: number, bits: number): Item {
  const files = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`app/file${i}`, "x".repeat(1 + ((1 << bits) >> (i % (bits + 1))))]),
  );
  const data = pageData(packageOf({ "one:1": [layer("app", files)] }));
  return growTree(data, listFiles(data));
}

function all(tiles: readonly Tile[]): Tile[] {
  return tiles.flatMap((tile) => [tile, ...all(tile.tiles)]);
}

test("tiles lie inside their frames, below the names of these", () => {
  const check = (tiles: readonly Tile[], frame: Rect) => {
    for (const tile of tiles) {
      assert.ok(isInside(tile, frame));
      check(tile.tiles, { x: 0, y: TITLE, width: tile.width, height: tile.height - TITLE });
    }
  };
  const frame = { x: 0, y: 0, width: 900, height: 500 };
  check(layOut(treeOf(40, 6), frame), frame);
});

test("what is too small stands together, so that tiles are few however many files there are", () => {
  const tree = treeOf(5_000, 10);
  const tiles = all(layOut(tree, { x: 0, y: 0, width: 900, height: 500 }));
  assert.ok(tiles.length < (900 * 500) / MIN_AREA, `${tiles.length} tiles`);
  const files = tiles.filter(({ item }) => item === undefined || item.kind === "file");
  assert.equal(
    files.reduce((sum, { count }) => sum + count, 0),
    5_000,
  );
});

test("files without content have no tile", () => {
  const data = pageData(packageOf({ "one:1": [layer("app", { a: "1234", b: "" })] }));
  const names = all(layOut(growTree(data, listFiles(data)), FRAME)).map(({ item }) => item?.name);
  assert.deepEqual(names, ["one:1", "1 · COPY app", "a"]);
});

function near(found: number, wanted: number): void {
  assert.ok(Math.abs(found - wanted) <= 1e-6 * Math.max(1, wanted), `${found} is not ${wanted}`);
}

const SLACK = 1e-6;

function isInside({ x, y, width, height }: Rect, frame: Rect): boolean {
  return (
    x >= frame.x - SLACK &&
    y >= frame.y - SLACK &&
    x + width <= frame.x + frame.width + SLACK &&
    y + height <= frame.y + frame.height + SLACK
  );
}

function overlap(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(width, 0) * Math.max(height, 0);
}
