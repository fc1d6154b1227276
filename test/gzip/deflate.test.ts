import assert from "node:assert/strict";
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { constants, crc32, deflateRawSync, gunzipSync } from "node:zlib";
import { deflateRaw } from "pako";
import {
  type DeflateBlock,
  deflateWithNode,
  KNOWN_ANSWER,
  knownAnswer,
  loadPako,
  nativeGivesPakoBytes,
  PACKING,
  selectDeflate,
  WINDOW,
} from "../../lib/gzip/deflate.ts";
import { GZIP_HEADER, gzipTrailer } from "../../lib/gzip/format.ts";
import { BLOCK_SIZE } from "../../lib/tar/cuts.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise, prose, seeded } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

const NOTHING = new Uint8Array(0);
const deflateWithPako = await loadPako();
const chosen = await selectDeflate();

/** The bytes cut into blocks of a size, each packed by itself with the window before it, as one gzip member. */
function gzipOf(bytes: Uint8Array, blockSize: number, deflate: DeflateBlock): Buffer {
  const parts: Uint8Array[] = [GZIP_HEADER];
  for (let start = 0; start < bytes.length || start === 0; start += blockSize) {
    const end = Math.min(start + blockSize, bytes.length);
    const dictionary = bytes.subarray(Math.max(start - WINDOW, 0), start);
    parts.push(deflate(bytes.subarray(start, end), dictionary, end === bytes.length ? "finish" : "flush"));
  }
  return Buffer.concat([...parts, gzipTrailer(crc32(bytes), bytes.length)]);
}

function samples(): [name: string, bytes: Buffer][] {
  const next = seeded(9);
  const mixed = Buffer.concat(Array.from({ length: 12 }, (_, i) => (i % 2 ? noise : prose)(i, 1 + next(40_000))));
  return [
    ["nothing", Buffer.alloc(0)],
    ["one byte", Buffer.from("x")],
    ["zeros", Buffer.alloc(700_000)],
    ["noise", noise(1, 600_000)],
    ["text", prose(2, 900_000)],
    ["mixed", mixed],
    ["a period of the window", Buffer.concat(Array.from({ length: 10 }, () => noise(3, WINDOW)))],
    ["a period just beyond the window", Buffer.concat(Array.from({ length: 10 }, () => noise(4, WINDOW + 1)))],
    ["every byte", Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
  ];
}

test("the known answer is that of pako", () => {
  assert.equal(knownAnswer(deflateWithPako), KNOWN_ANSWER);
});

test("programs and noise, block after block by one packer", { skip: !nativeGivesPakoBytes() }, () => {
  // A packer that carries something over from one block to the next is found out only by what programs are like.
  const file = openSync(process.execPath, "r");
  for (let i = 0; i < 64; i += 1) {
    const program = Buffer.alloc(BLOCK_SIZE + WINDOW);
    readSync(file, program, 0, program.length, i * 1_000_003);
    const bytes = i % 3 === 2 ? noise(i, BLOCK_SIZE + WINDOW) : program;
    const [dictionary, block] = [bytes.subarray(0, WINDOW), bytes.subarray(WINDOW)];
    assert.ok(
      Buffer.compare(deflateWithPako(block, dictionary, "flush"), deflateWithNode(block, dictionary, "flush")) === 0,
      `block ${i}`,
    );
  }
  closeSync(file);
});

test("the choice falls on Node's zlib only where it gives the known answer", async () => {
  assert.equal(nativeGivesPakoBytes(), knownAnswer(deflateWithNode) === KNOWN_ANSWER);
  assert.equal(chosen === deflateWithNode, nativeGivesPakoBytes());
  assert.equal(await selectDeflate(true), deflateWithNode);
  assert.notEqual(await selectDeflate(false), deflateWithNode);
});

test("another level, window or memory would not pass for it", () => {
  const { level, memLevel } = PACKING;
  for (const options of [
    { level: level - 1, memLevel },
    { level: level + 1, memLevel },
    { level: 1, memLevel },
    { level, memLevel: memLevel + 1 },
    { level, memLevel, windowBits: 14 },
  ]) {
    const other: DeflateBlock = (block, dictionary, end) => {
      const finishFlush = end === "finish" ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
      return deflateRawSync(block, { ...options, finishFlush, ...(dictionary.length > 0 && { dictionary }) });
    };
    assert.notEqual(knownAnswer(other), KNOWN_ANSWER, JSON.stringify(options));
  }
});

test("one block without a dictionary is what pako's own function makes", () => {
  for (const [name, bytes] of samples()) {
    const expected = deflateRaw(bytes, { level: PACKING.level, memLevel: PACKING.memLevel });
    assert.equal(Buffer.compare(deflateWithPako(bytes, NOTHING, "finish"), expected), 0, name);
  }
});

test("where Node's zlib is chosen it gives pako's bytes", (t) => {
  if (!nativeGivesPakoBytes()) return t.skip("this Node has another zlib");
  for (const [name, bytes] of samples()) {
    for (const end of ["flush", "finish"] as const) {
      const half = bytes.length >> 1;
      const [first, second] = [bytes.subarray(0, half), bytes.subarray(half)];
      for (const dictionary of [NOTHING, first.subarray(-WINDOW), first.subarray(-1), first.subarray(-1000)]) {
        const native = deflateWithNode(second, dictionary, end);
        const pako = deflateWithPako(second, dictionary, end);
        assert.equal(Buffer.compare(native, pako), 0, `${name}, ${end}, dictionary of ${dictionary.length}`);
      }
    }
  }
  const next = seeded(5);
  for (let round = 0; round < 60; round += 1) {
    const bytes = (next(2) === 0 ? noise : prose)(round, next(30_000));
    const dictionary = prose(round, next(WINDOW));
    const end = next(2) === 0 ? "flush" : "finish";
    assert.equal(
      Buffer.compare(deflateWithNode(bytes, dictionary, end), deflateWithPako(bytes, dictionary, end)),
      0,
      `round ${round}`,
    );
  }
});

test("blocks joined are one gzip member that unpacks to the bytes", async (t) => {
  const file = join(tempDir(t), "out.gz");
  for (const [name, bytes] of samples()) {
    for (const blockSize of [1000, WINDOW, 100_000, BLOCK_SIZE]) {
      if (bytes.length / blockSize > 300) continue;
      const packed = gzipOf(bytes, blockSize, chosen);
      assert.equal(Buffer.compare(gunzipSync(packed), bytes), 0, `${name}, blocks of ${blockSize}`);
      if (blockSize !== 100_000 || !requireTool(t, "gzip")) continue;
      writeFileSync(file, packed);
      await runOk("gzip", ["--test", file]);
      // Of several members, only the size of the last one would be told.
      const [, size] = (await runOk("gzip", ["--list", "--quiet", file])).trim().split(/\s+/);
      assert.equal(Number(size), bytes.length, name);
    }
  }
});

test("the dictionary makes up for the cut", () => {
  const size = 20_000;
  const bytes = Buffer.concat(Array.from({ length: 50 }, () => noise(6, 8192)));
  const whole = gzipOf(bytes, bytes.length, chosen).length;
  const cut = gzipOf(bytes, size, chosen).length;
  let alone = 0;
  for (let at = 0; at < bytes.length; at += size) {
    alone += chosen(bytes.subarray(at, at + size), NOTHING, "flush").length;
  }
  assert.ok(cut < whole * 1.2, `${cut} against ${whole}`);
  assert.ok(alone > cut * 10, `${alone} against ${cut}`);
});

test("a block that does not compress grows by little", () => {
  const bytes = noise(7, BLOCK_SIZE);
  for (const deflate of [deflateWithPako, deflateWithNode]) {
    assert.ok(deflate(bytes, NOTHING, "flush").length <= bytes.length + 5 * 32 + 10);
  }
});
