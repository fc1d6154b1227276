import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { DecodeError, UnsupportedError } from "../../lib/unpack/decode.ts";
import { loadXz } from "../../lib/unpack/xz.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { slices } from "./slices.ts";

const PLAIN = Buffer.concat([prose(1, 300_000), noise(2, 50_000), Buffer.alloc(400_000), prose(1, 300_000)]);

function xz(bytes: Uint8Array, ...options: readonly string[]): Buffer {
  return execFileSync("xz", ["--stdout", ...options], { input: bytes, maxBuffer: 1024 ** 3 });
}

async function unpacked(pieces: Iterable<Uint8Array>): Promise<Buffer> {
  const decode = await loadXz();
  const parts: Uint8Array[] = [];
  for await (const part of decode(pieces)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

test("what the real xz packs, with each of its options that matter", async (t) => {
  if (!requireTool(t, "xz")) return;
  for (const options of [["-0"], ["-6"], ["-9e"], ["--check=crc32"], ["-T2", "--block-size=100000"]]) {
    const bytes = xz(PLAIN, ...options);
    for (const size of [777, 32_768, 10_000_000]) {
      assert.equal(Buffer.compare(await unpacked(slices(bytes, size)), PLAIN), 0, `${options} ${size}`);
    }
  }
});

test("the buffer of a piece may be used again for the next one", async (t) => {
  if (!requireTool(t, "xz")) return;
  const bytes = xz(PLAIN);
  const buffer = Buffer.alloc(1000);
  function* pieces() {
    for (const piece of slices(bytes, 1000)) {
      buffer.set(piece);
      yield buffer.subarray(0, piece.length);
    }
  }
  assert.equal(Buffer.compare(await unpacked(pieces()), PLAIN), 0);
});

test("several streams, empty ones and padding among them", async (t) => {
  if (!requireTool(t, "xz")) return;
  const parts = [PLAIN.subarray(0, 1000), Buffer.alloc(0), PLAIN.subarray(1000)].map((part) => xz(part));
  const joined = Buffer.concat([parts[0]!, Buffer.alloc(8), parts[1]!, parts[2]!, Buffer.alloc(4)]);
  for (const size of [100, 32_768]) {
    assert.equal(Buffer.compare(await unpacked(slices(joined, size)), PLAIN), 0, `pieces of ${size}`);
  }
});

describe("what is damaged is told, and not waited for", () => {
  const flipped = (bytes: Buffer, at: number) => {
    const spoilt = Buffer.from(bytes);
    spoilt[at]! ^= 1;
    return spoilt;
  };
  for (const [name, spoil] of [
    ["cut", (bytes) => bytes.subarray(0, -100)],
    ["cut before its end", (bytes) => bytes.subarray(0, -1)],
    ["cut within its header", (bytes) => bytes.subarray(0, 8)],
    ["a changed byte", (bytes) => flipped(bytes, bytes.length >> 1)],
    ["a changed CRC", (bytes) => flipped(bytes, bytes.length - 12 - 20)],
    ["bytes behind it", (bytes) => Buffer.concat([bytes, Buffer.from("garbage!")])],
    ["no xz", () => Buffer.from("no xz at all, but longer than a header")],
  ] as [string, (bytes: Buffer) => Buffer][]) {
    test(name, async (t) => {
      if (!requireTool(t, "xz")) return;
      const bytes = spoil(xz(PLAIN));
      for (const size of [100, 32_768]) {
        await assert.rejects(unpacked(slices(bytes, size)), (error) => {
          assert.ok(error instanceof DecodeError && !(error instanceof UnsupportedError), String(error));
          return true;
        });
      }
    });
  }
});

describe("what is not read is told", () => {
  for (const [options, message] of [
    [["--check=sha256"], /neither CRC-32 nor CRC-64/],
    [["--x86", "--lzma2"], /filters for programs/],
    [["--lzma2=dict=128MiB"], /more than 64 MiB/],
    [["--lzma2=dict=1536MiB"], /more than 64 MiB/],
  ] as const) {
    test(options.join(" "), async (t) => {
      if (!requireTool(t, "xz")) return;
      const bytes = xz(PLAIN.subarray(0, 5000), ...options);
      await assert.rejects(
        unpacked([bytes]),
        (error) => error instanceof UnsupportedError && message.test(error.message),
      );
    });
  }
});

test("whoever stops in the middle stops the source, and the decoder serves again", async (t) => {
  if (!requireTool(t, "xz")) return;
  const decode = await loadXz();
  const bytes = xz(noise(1, 500_000));
  let given = 0;
  function* pieces() {
    for (const piece of slices(bytes, 10_000)) {
      given += 1;
      yield piece;
    }
  }
  for await (const part of decode(pieces())) if (part.length > 0) break;
  assert.ok(given < 8, `${given}`);
  // One whose end was read ahead.
  for await (const part of decode([xz(prose(1, 1000))])) if (part.length > 0) break;
  assert.equal(Buffer.compare(await unpacked([xz(PLAIN)]), PLAIN), 0);
});
