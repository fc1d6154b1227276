import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Decode, DecodeError } from "../../lib/unpack/decode.ts";
import { loadZstd } from "../../lib/unpack/zstd.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { zstdTool } from "../support/zstd.ts";
import { slices, unpacked } from "./slices.ts";

const PLAIN = Buffer.concat([prose(1, 300_000), noise(2, 50_000), Buffer.alloc(400_000), prose(1, 300_000)]);

/** A frame that decoders pass over, RFC 8878, section 3.1.2. */
function skippable(size: number): Buffer {
  const frame = Buffer.alloc(8 + size, 7);
  frame.writeUInt32LE(0x184d2a53, 0);
  frame.writeUInt32LE(size, 4);
  return frame;
}

function same(decode: Decode, bytes: Buffer, ...sizes: readonly number[]): void {
  for (const size of sizes) {
    assert.equal(Buffer.compare(unpacked(decode(slices(bytes, size))), PLAIN), 0, `pieces of ${size}`);
  }
}

test("what the real zstd packs, with each of its options that matter", async (t) => {
  if (!requireTool(t, "zstd")) return;
  const decode = await loadZstd();
  for (const options of [
    ["-1"],
    ["-3", "--no-check"],
    ["-19", "--check"],
    ["--ultra", "-22"],
    ["--long=27"],
    ["-T2"],
  ]) {
    same(decode, zstdTool(...options)(PLAIN), 777, 32_768, 10_000_000);
  }
});

test("several frames, empty ones and skippable ones among them", async (t) => {
  if (!requireTool(t, "zstd")) return;
  const decode = await loadZstd();
  const pack = zstdTool("--check");
  const frames = [
    skippable(4),
    pack(PLAIN.subarray(0, 1000)),
    pack(Buffer.alloc(0)),
    ...Array.from({ length: 3000 }, () => skippable(0)),
    skippable(100_000),
    pack(PLAIN.subarray(1000)),
    skippable(0),
  ];
  same(decode, Buffer.concat(frames), 5, 32_768, 10_000_000);
  assert.equal(Buffer.compare(unpacked(decode(frames)), PLAIN), 0, "each frame a piece");
});

describe("what is damaged is told, and not waited for", () => {
  const table: readonly (readonly [name: string, spoil: (bytes: Buffer) => Buffer, message: RegExp])[] = [
    ["cut", (bytes) => bytes.subarray(0, -100), /unexpected end/],
    ["cut before its checksum", (bytes) => bytes.subarray(0, -4), /unexpected end/],
    ["a wrong checksum", (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([0])]), /is damaged/],
    ["zeros behind it", (bytes) => Buffer.concat([bytes, Buffer.alloc(1000)]), /is damaged/],
    ["text behind it", (bytes) => Buffer.concat([bytes, Buffer.from("garbage")]), /is damaged/],
    ["no zstd", () => Buffer.from("no zstd at all, but longer than a header"), /is damaged/],
  ];
  for (const [name, spoil, message] of table) {
    test(name, async (t) => {
      if (!requireTool(t, "zstd")) return;
      const decode = await loadZstd();
      const bytes = spoil(zstdTool("--check")(PLAIN));
      for (const size of [100, 32_768, 10_000_000]) {
        assert.throws(
          () => unpacked(decode(slices(bytes, size))),
          (error) => error instanceof DecodeError && message.test(error.message),
        );
      }
    });
  }

  test("a window of 256 MiB", async (t) => {
    if (!requireTool(t, "zstd")) return;
    const decode = await loadZstd();
    const bytes = zstdTool("--long=28", "--no-content-size")(PLAIN);
    // Window descriptor, RFC 8878, section 3.1.1.1.2: the real one may choose a smaller window for a short input.
    bytes[5] = (28 - 10) << 3;
    assert.throws(() => unpacked(decode([bytes])), /more than 128 MiB/);
  });

  test("the decoder serves again after all of these", async (t) => {
    if (!requireTool(t, "zstd")) return;
    same(await loadZstd(), zstdTool()(PLAIN), 32_768);
  });
});
