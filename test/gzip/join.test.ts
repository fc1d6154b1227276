import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { constants, crc32, createInflateRaw, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import { deflateWithNode, WINDOW } from "../../lib/gzip/deflate.ts";
import { GZIP_HEADER, gzipTrailer } from "../../lib/gzip/format.ts";
import { type Cut, findJoint } from "../../lib/gzip/join.ts";
import { findParts, packBlock } from "../../lib/gzip/parts.ts";
import { storedBlocks, storedMember } from "../../lib/gzip/stored.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

/** The bytes with their cuts, in the plainest way. */
function cut(bytes: Buffer, cuts: readonly Cut[]): Buffer {
  const parts: Uint8Array[] = [];
  let position = 0;
  for (const { at, remove, insert } of cuts) {
    assert.ok(at >= position && remove > 0, "in order, and none in another one");
    parts.push(bytes.subarray(position, at), insert);
    position = at + remove;
  }
  return Buffer.concat([...parts, bytes.subarray(position)]);
}

/** Joins gzip files into one raw deflate stream; each is checked by itself, too. */
async function joined(t: TestContext, files: readonly Buffer[]): Promise<Buffer> {
  const dir = tempDir(t);
  const parts: Buffer[] = [];
  for (const [i, bytes] of files.entries()) {
    const file = join(dir, `${i}.gz`);
    writeFileSync(file, bytes);
    const { cuts, crc } = await findJoint(file);
    assert.equal(crc, crc32(gunzipSync(bytes)));
    parts.push(cut(bytes, cuts));
  }
  return Buffer.concat([...parts, ...storedBlocks(new Uint8Array(), true)]);
}

const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = constants;

test("streams of every kind of block become one, wherever their last block ends", async (t) => {
  const files: Buffer[] = [];
  for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
    for (const level of [0, 1, 6, 9]) {
      // Many sizes, so that the last block ends at every bit of a byte.
      for (let size = 0; size < 24; size += 1) files.push(gzipSync(prose(size + 1, size), { level, strategy }));
      files.push(gzipSync(prose(7, 300_000), { level, strategy }));
    }
  }
  files.push(
    gzipSync(noise(1, 200_000)),
    Buffer.from(storedMember(noise(2, 70_000))),
    gzipSync(Buffer.alloc(1_000_000)),
  );
  const ends = new Set<number>();
  for (const bytes of files) ends.add(unusedBits(bytes));
  assert.ok(ends.size > 5, "otherwise this test says little");
  const plain = Buffer.concat(files.map((bytes) => gunzipSync(bytes)));
  const stream = await joined(t, files);
  assert.ok(inflateRawSync(stream).equals(plain));
});

/** Zero bits at the end of the last byte of the deflate stream: a rough measure of where it ends. */
function unusedBits(bytes: Buffer): number {
  return Math.clz32(bytes.at(-9)!) - 24;
}

test("files of several members, with names and comments in their headers, empty ones among them", async (t) => {
  if (!requireTool(t, "gzip")) return;
  const dir = tempDir(t);
  writeFileSync(join(dir, "named"), prose(3, 50_000));
  await runOk("gzip", ["-k", join(dir, "named")]);
  const named = readFileSync(join(dir, "named.gz"));
  const empty = gzipSync("");
  const several = Buffer.concat([named, empty, gzipSync(prose(4, 100)), empty]);
  const stream = await joined(t, [empty, several, named, empty]);
  assert.ok(inflateRawSync(stream).equals(Buffer.concat([several, named].map((bytes) => gunzipSync(bytes)))));
});

test("streams of sync flushes and of blocks larger than any buffer", async (t) => {
  const files: Buffer[] = [];
  for (const flush of [constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH]) {
    files.push(gzipSync(prose(9, 700_000), { flush, chunkSize: 64 * 1024 }));
  }
  files.push(gzipSync(Buffer.alloc(30_000_000, "x")), gzipSync(prose(8, 3_000_000), { memLevel: 9 }));
  const stream = await joined(t, files);
  const inflate = createInflateRaw();
  let size = 0;
  inflate.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  inflate.end(stream);
  await new Promise((resolve, reject) => inflate.on("end", resolve).on("error", reject));
  assert.equal(size, 1_400_000 + 30_000_000 + 3_000_000);
});

test("layers that are packed in parts, with a stored or a packed one at their end", async (t) => {
  const [text, other, even] = [prose(1, 100_000), prose(2, 100_000), noise(3, 100_000)];
  const contents = [[text, even], [even, text], [even], [text, even, other]].map((parts) => Buffer.concat(parts));
  const files = contents.map((bytes) => {
    const cut = 90_000;
    const first = packBlock(deflateWithNode, bytes.subarray(0, cut), 0, "flush");
    const last = packBlock(deflateWithNode, bytes.subarray(cut - WINDOW), WINDOW, "finish");
    return Buffer.concat([GZIP_HEADER, first, last, gzipTrailer(crc32(bytes), bytes.length)]);
  });
  const ends = contents.map((bytes) => findParts(bytes.subarray(90_000 - WINDOW), WINDOW).at(-1)!.stored);
  assert.ok(ends.includes(true) && ends.includes(false), "otherwise this test says little");
  const stream = await joined(t, files);
  assert.ok(inflateRawSync(stream).equals(Buffer.concat(contents)));
});

test("what is no whole gzip file is refused", async (t) => {
  const file = join(tempDir(t), "bad.gz");
  const good = gzipSync(prose(1, 10_000));
  const flipped = Buffer.from(good);
  flipped[flipped.length - 6] = flipped[flipped.length - 6]! ^ 1;
  const bad = [Buffer.alloc(0), good.subarray(0, -1), good.subarray(0, 500), Buffer.from("no gzip at all"), flipped];
  for (const bytes of bad) {
    writeFileSync(file, bytes);
    await assert.rejects(findJoint(file), { name: "GzipFormatError" });
  }
});
