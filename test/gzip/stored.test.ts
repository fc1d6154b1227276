import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { ungzip } from "pako";
import { GZIP_HEADER, gzipTrailer } from "../../lib/gzip/format.ts";
import { storedHeader, storedMember, storedMemberSize } from "../../lib/gzip/stored.ts";
import { tempDir } from "../support/cleanup.ts";
import { runOk } from "../support/run.ts";
import { noise } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

const SIZES = [0, 1, 2, 512, 65_534, 65_535, 65_536, 131_069, 131_070, 131_071, 1_000_000];

test("a stored member unpacks to its bytes and has the size that was told", () => {
  for (const size of SIZES) {
    const bytes = noise(size, size);
    const member = storedMember(bytes);
    assert.equal(member.length, storedMemberSize(size), String(size));
    assert.equal(Buffer.compare(gunzipSync(member), bytes), 0);
    assert.equal(Buffer.compare(ungzip(member), bytes), 0);
  }
});

test("gzip accepts each one, and a row of them", async (t) => {
  if (!requireTool(t, "gzip")) return;
  const dir = tempDir(t);
  const file = join(dir, "row.gz");
  const plain = join(dir, "plain");
  const parts = SIZES.map((size) => noise(size + 1, size));
  for (const [i, part] of parts.entries()) writeFileSync(join(dir, `${i}.gz`), storedMember(part));
  writeFileSync(file, Buffer.concat(parts.map(storedMember)));
  writeFileSync(plain, Buffer.concat(parts));
  await runOk("gzip", ["--test", ...parts.map((_, i) => join(dir, `${i}.gz`)), file]);
  await runOk("sh", ["-c", 'gzip --decompress --stdout "$1" | cmp - "$2"', "sh", file, plain]);
});

test("one block for up to 65,535 bytes, one more for each begun 65,535", () => {
  assert.deepEqual(
    [0, 1, 65_535, 65_536, 131_070, 131_071].map((size) => storedMemberSize(size) - size - 18),
    [5, 5, 5, 10, 10, 15],
  );
  assert.equal(storedMemberSize(8 * 1024 ** 3), 18 + 5 * Math.ceil((8 * 1024 ** 3) / 65_535) + 8 * 1024 ** 3);
});

test("the header of a stored block", () => {
  assert.deepEqual([...storedHeader(0, true)], [1, 0, 0, 0xff, 0xff]);
  assert.deepEqual([...storedHeader(65_535, false)], [0, 0xff, 0xff, 0, 0]);
  assert.deepEqual([...storedHeader(0x1234, false)], [0, 0x34, 0x12, 0xcb, 0xed]);
  const stream = Buffer.concat([storedHeader(3, false), Buffer.from("abc"), storedHeader(1, true), Buffer.from("d")]);
  assert.equal(inflateRawSync(stream).toString(), "abcd");
});

test("header and trailer depend on nothing but the content", () => {
  assert.equal(Buffer.from(GZIP_HEADER).toString("hex"), "1f8b08000000000000ff");
  assert.equal(Buffer.from(gzipTrailer(0x89abcdef, 5)).toString("hex"), "efcdab8905000000");
  assert.equal(Buffer.from(gzipTrailer(-1, 0)).toString("hex"), "ffffffff00000000");
  assert.equal(Buffer.from(gzipTrailer(0, 5 * 1024 ** 3 + 7)).toString("hex"), "0000000007000040");
});
