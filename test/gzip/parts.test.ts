import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { crc32, gunzipSync } from "node:zlib";
import {
  type DeflateBlock,
  deflateWithNode,
  loadPako,
  nativeGivesPakoBytes,
  PACKING,
  WINDOW,
} from "../../lib/gzip/deflate.ts";
import { GZIP_HEADER, gzipTrailer } from "../../lib/gzip/format.ts";
import { unpacksTo } from "../../lib/gzip/inflate.ts";
import { findParts, packBlock, packedBound } from "../../lib/gzip/parts.ts";
import { MAX_STORED, STORED_HEADER_SIZE } from "../../lib/gzip/stored.ts";
import { BLOCK_SIZE, MAX_BLOCK } from "../../lib/tar/cuts.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise, prose, seeded } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

const KiB = 1024;
const deflateWithPako = await loadPako();

/** Parts as text: `packed 0-8192`. */
function partsOf(bytes: Uint8Array, start = 0): string[] {
  return findParts(bytes, start).map((part) => `${part.stored ? "stored" : "packed"} ${part.start}-${part.end}`);
}

/** As layers are packed: block by block, each with what stands before it. */
function gzipOf(bytes: Uint8Array, blockSize: number, deflate: DeflateBlock): Buffer {
  const parts: Uint8Array[] = [GZIP_HEADER];
  for (let start = 0; start < bytes.length; start += blockSize) {
    const first = Math.max(start - WINDOW, 0);
    const plain = bytes.subarray(first, start + blockSize);
    parts.push(packBlock(deflate, plain, start - first, start + blockSize >= bytes.length ? "finish" : "flush"));
  }
  return Buffer.concat([...parts, gzipTrailer(crc32(bytes), bytes.length)]);
}

/** Text and noise in turns, in runs of all lengths. */
function mixture(seed: number, size: number): Buffer {
  const next = seeded(seed);
  const runs: Buffer[] = [];
  for (let length = 0, i = 0; length < size; i += 1) {
    const run = (i % 2 === 0 ? noise : prose)(seed * 1000 + i, 1 + next(80 * KiB));
    length += run.length;
    runs.push(run);
  }
  return Buffer.concat(runs).subarray(0, size);
}

test("what nothing makes smaller is stored, all else is packed", () => {
  assert.deepEqual(partsOf(noise(1, BLOCK_SIZE)), [`stored 0-${BLOCK_SIZE}`]);
  assert.deepEqual(partsOf(prose(1, BLOCK_SIZE)), [`packed 0-${BLOCK_SIZE}`]);
  assert.deepEqual(partsOf(new Uint8Array(BLOCK_SIZE)), [`packed 0-${BLOCK_SIZE}`]);
  assert.deepEqual(partsOf(new Uint8Array(0)), ["packed 0-0"]);
  const mixed = Buffer.concat([prose(1, 20 * KiB), noise(2, 60 * KiB), prose(3, 20 * KiB)]);
  assert.deepEqual(partsOf(mixed), ["packed 0-24576", "stored 24576-81920", "packed 81920-102400"]);
  const behind = Buffer.concat([prose(1, 10 * KiB), noise(2, 30 * KiB)]);
  assert.deepEqual(partsOf(behind, 10 * KiB), ["stored 10240-40960"], "pieces are counted from the start of the block");
});

test("pieces are whole, and few of them are not worth a part", () => {
  assert.deepEqual(partsOf(noise(1, 16 * KiB)), ["stored 0-16384"]);
  assert.deepEqual(partsOf(noise(1, 16 * KiB - 1)), ["packed 0-16383"]);
  assert.deepEqual(partsOf(noise(1, 27 * KiB)), ["stored 0-27648"], "the last piece takes the rest along");
  const short = Buffer.concat([prose(1, 16 * KiB), noise(2, 15 * KiB), prose(3, 16 * KiB)]);
  assert.deepEqual(partsOf(short), [`packed 0-${short.length}`]);
  assert.deepEqual(partsOf(noise(1, 3 * KiB)), ["packed 0-3072"]);
});

test("even bytes that come again within the window are packed", () => {
  const once = noise(1, 24 * KiB);
  const twice = Buffer.concat([once, once]);
  assert.deepEqual(partsOf(twice, once.length), [`packed ${once.length}-${twice.length}`], "after what is before");
  assert.deepEqual(partsOf(twice), [`packed 0-${twice.length}`], "after each other");
  const far = Buffer.concat([once, noise(2, WINDOW), once]);
  assert.deepEqual(partsOf(far), [`stored 0-${far.length}`], "deflate cannot refer so far back");
  const shuffled = Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 167 + 13) % 256));
  const periodic = Buffer.concat(Array.from({ length: 256 }, () => shuffled));
  assert.deepEqual(partsOf(periodic), [`packed 0-${periodic.length}`]);
});

test("bytes of which some are somewhat more frequent are packed", () => {
  const bytes = noise(1, 64 * KiB);
  for (let i = 0; i < bytes.length; i += 4) bytes[i]! &= 0x0f;
  assert.deepEqual(partsOf(bytes), [`packed 0-${bytes.length}`]);
  const saved = bytes.length - deflateWithPako(bytes, new Uint8Array(0), "finish").length;
  assert.ok(saved > bytes.length / 100, `${saved} bytes`);
});

test("mixtures, block by block, are one gzip member that unpacks to the bytes, whatever packs them", async (t) => {
  const tool = requireTool(t, "gzip");
  const file = join(tempDir(t), "out.gz");
  for (const seed of [1, 2, 3]) {
    const bytes = mixture(seed, 900 * KiB + seed);
    for (const blockSize of [20_000, 100_000, BLOCK_SIZE, MAX_BLOCK]) {
      const packed = gzipOf(bytes, blockSize, deflateWithPako);
      assert.equal(Buffer.compare(gunzipSync(packed), bytes), 0, `seed ${seed}, blocks of ${blockSize}`);
      if (nativeGivesPakoBytes()) assert.equal(Buffer.compare(gzipOf(bytes, blockSize, deflateWithNode), packed), 0);
      if (!tool) continue;
      writeFileSync(file, packed);
      await runOk("gzip", ["-t", file]);
    }
  }
});

test("a block of parts can stand wherever the plain bytes do", () => {
  const plain = Buffer.concat([prose(1, WINDOW), noise(2, 40 * KiB), prose(3, 20 * KiB), noise(4, 40 * KiB)]);
  for (const start of [0, 1000, WINDOW, WINDOW + 8 * KiB]) {
    const [dictionary, block] = [plain.subarray(Math.max(start - WINDOW, 0), start), plain.subarray(start)];
    assert.ok(findParts(plain, start).some(({ stored }) => stored));
    for (const end of ["flush", "finish"] as const) {
      const packed = packBlock(deflateWithPako, plain, start, end);
      assert.ok(unpacksTo(packed, block, dictionary, end), `${start}, ${end}`);
      assert.ok(!unpacksTo(packed, block, dictionary, end === "flush" ? "finish" : "flush"), `${start}, not ${end}`);
    }
  }
});

test("noise grows by the headers of stored blocks alone, and nothing by more than its bound", () => {
  for (const size of [16 * KiB, MAX_STORED, MAX_STORED + 1, BLOCK_SIZE, MAX_BLOCK]) {
    const packed = packBlock(deflateWithPako, noise(size, size), 0, "flush");
    assert.equal(packed.length, size + STORED_HEADER_SIZE * Math.ceil(size / MAX_STORED));
  }
  for (const [stored, other] of [
    [16, 8],
    [16, 16],
    [24, 8],
  ] as const) {
    // Packed parts that grow, too: noise that repeats nothing and is not quite even.
    const runs = Array.from({ length: 9 }, (_, i) => {
      const run = noise(i, (i % 2 === 0 ? stored : other) * KiB);
      if (i % 2 === 1) for (let at = 0; at < run.length; at += 8) run[at]! &= 0x1f;
      return run;
    });
    const plain = Buffer.concat(runs).subarray(0, MAX_BLOCK);
    assert.ok(findParts(plain, 0).length > 6);
    assert.ok(packBlock(deflateWithPako, plain, 0, "flush").length < packedBound(plain.length) - 4096);
  }
});

test("parts cost next to nothing: a mixture is about as large as deflate alone makes it", () => {
  const bytes = mixture(7, 4_000_000);
  const alone: DeflateBlock = (block, dictionary, end) => deflateWithPako(block, dictionary, end);
  let size = 0;
  for (let start = 0; start < bytes.length; start += BLOCK_SIZE) {
    const block = bytes.subarray(start, start + BLOCK_SIZE);
    size += alone(block, bytes.subarray(Math.max(start - WINDOW, 0), start), "flush").length;
  }
  const packed = gzipOf(bytes, BLOCK_SIZE, deflateWithPako).length;
  assert.ok(packed < size * 1.001, `${packed} bytes, ${size} without parts`);
});

test("the rule has the bytes that its name stands for", () => {
  const packed = gzipOf(mixture(5, 1_000_000), BLOCK_SIZE, deflateWithPako);
  assert.deepEqual(
    [PACKING.name, createHash("sha256").update(packed).digest("hex")],
    ["gzip-4", "2b43dca480097e4e357c2164d95a0de4d0880c5dafbc1482a98c3919a433696a"],
    "other bytes need another name",
  );
});

/** Noise of which one byte in so many is below 32: on either side of the limit at 13. */
function uneven(seed: number, every: number): Buffer {
  const bytes = noise(seed, 64 * KiB);
  for (let at = 0; at < bytes.length; at += every) bytes[at]! &= 0x1f;
  return bytes;
}

/** Noise in which a share of runs of 64 bytes, in per mille, is copied from 8 KiB before: the limit is about 20 to 30. */
function repeating(seed: number, share: number): Buffer {
  const bytes = noise(seed, 64 * KiB);
  const next = seeded(seed);
  for (let at = 8 * KiB; at < bytes.length; at += 64) {
    if (next(1000) < share) bytes.copyWithin(at, at - 8 * KiB, at - 8 * KiB + 64);
  }
  return bytes;
}

test("the limits of the rule are part of it, too", () => {
  const sweep = (sampleOf: (i: number) => Buffer) =>
    Array.from({ length: 80 }, (_, i) => partsOf(sampleOf(i)).join(", "));
  const found = [sweep((i) => uneven(i, 11 + (i % 6))), sweep((i) => repeating(100 + i, 10 + (i % 40)))];
  for (const results of found) assert.ok(new Set(results).size > 1, "otherwise this test says little");
  assert.deepEqual(
    [PACKING.name, createHash("sha256").update(found.flat().join("\n")).digest("hex")],
    ["gzip-4", "32f2a2bf8969e8b6591b899a8792019b9c10f57b2686c05e8428ab81cefaf1e6"],
    "other parts need another name",
  );
});
