import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BLOCK_SIZE, cutTree } from "../../lib/tar/cuts.ts";
import { type TarEntry, tarStream } from "../../lib/tar/sequence.ts";
import { seeded } from "../support/seeded.ts";

const LARGEST = 192 * 1024;
const SMALLEST = 64 * 1024;

function file(path: string, size: number): TarEntry {
  const content = { file: `/${path}`, offset: 0, size };
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0, content };
}

function files(count: number, size: (next: (bound: number) => number) => number): TarEntry[] {
  const next = seeded(3);
  return Array.from({ length: count }, (_, i) => file(`app/${String(i).padStart(4, "0")}`, size(next)));
}

/** The blocks as pairs of where they begin and end. */
function blocksOf(entries: readonly TarEntry[]): [start: number, end: number][] {
  const cuts = cutTree(entries, tarStream(entries));
  return cuts.map((end, i) => [cuts[i - 1] ?? 0, end]);
}

describe("the cuts of a tree", () => {
  for (const [name, entries] of [
    ["nothing", []],
    ["one small file", [file("a", 10)]],
    ["one large file", [file("a", 3_000_000)]],
    ["a small file and a large one", [file("a", 10), file("b", 3_000_000), file("c", 10)]],
    ["many small files", files(2000, (next) => next(20_000))],
    ["files around the size of a block", files(100, (next) => BLOCK_SIZE - 2000 + next(4000))],
    ["a mixture", files(300, (next) => (next(10) === 0 ? next(900_000) : next(9000)))],
  ] as [string, TarEntry[]][]) {
    test(`${name}: they ascend to the end, and blocks are neither too large nor, but for a few, small`, () => {
      const blocks = blocksOf(entries);
      assert.equal(blocks.at(-1)![1], tarStream(entries).size);
      for (const [start, end] of blocks) {
        assert.ok(start < end);
        assert.ok(end - start <= LARGEST, `${end - start}`);
      }
      // Small ones occur in front of and behind a large file, and at the end.
      const large = entries.filter(({ size }) => size > LARGEST - 2000).length;
      const small = blocks.filter(([start, end]) => end - start < SMALLEST);
      assert.ok(small.length <= 2 * large + 1, `${small.length} small blocks`);
    });
  }

  test("behind a file that is new, or has grown, the same cuts are met again soon", () => {
    const entries = files(2000, (next) => next(20_000));
    const { size } = tarStream(entries);
    const before = cutTree(entries, tarStream(entries)).map((cut) => size - cut);
    for (const place of [0, 700, 1500]) {
      for (const changed of [
        entries.toSpliced(place, 0, file(`app/${String(place).padStart(4, "0")}-new`, 5000)),
        entries.toSpliced(place, 1, file(entries[place]!.path, entries[place]!.size + 100_000)),
        entries.toSpliced(place, 1),
      ]) {
        const tar = tarStream(changed);
        const distances = new Set(cutTree(changed, tar).map((cut) => tar.size - cut));
        const lost = before.filter((cut) => !distances.has(cut) && cut < size - tarStream(entries).starts[place]!);
        assert.ok(lost.length <= 8, `${lost.length} of ${before.length} cuts are not met again`);
      }
    }
  });
});

test("what is no tar file is cut by distance", () => {
  const cutsOf = (size: number) => cutTree([], { starts: [], size });
  assert.deepEqual(cutsOf(1), [1]);
  assert.deepEqual(cutsOf(LARGEST), [LARGEST]);
  assert.deepEqual(cutsOf(LARGEST + 1), [BLOCK_SIZE, LARGEST + 1]);
  assert.deepEqual(cutsOf(3 * BLOCK_SIZE), [BLOCK_SIZE, 2 * BLOCK_SIZE, 3 * BLOCK_SIZE]);
});
