import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { DecodeError } from "../../lib/unpack/decode.ts";
import { gunzip } from "../../lib/unpack/gunzip.ts";
import { noise, prose } from "../support/seeded.ts";
import { slices, unpacked } from "./slices.ts";

const PLAIN = prose(1, 50_000);

test("a member is unpacked, whatever the pieces", () => {
  const bytes = gzipSync(PLAIN);
  for (const size of [1, 7, 1000, bytes.length]) {
    assert.equal(Buffer.compare(unpacked(gunzip(slices(bytes, size))), PLAIN), 0);
  }
});

test("members whose ends fall on the border of pieces, or anywhere near", () => {
  const parts = [PLAIN.subarray(0, 3000), Buffer.alloc(0), PLAIN.subarray(3000, 3001), PLAIN.subarray(3001)];
  const members = parts.map((part) => gzipSync(part));
  const bytes = Buffer.concat(members);
  const end = members[0]!.length;
  for (let split = end - 20; split <= end + 80; split += 1) {
    const pieces = [bytes.subarray(0, split), bytes.subarray(split)];
    assert.equal(Buffer.compare(unpacked(gunzip(pieces)), PLAIN), 0, `split at ${split}`);
  }
  // Each member is a piece.
  assert.equal(Buffer.compare(unpacked(gunzip(members)), PLAIN), 0);
});

describe("bytes behind the last member", () => {
  const bytes = gzipSync(PLAIN);
  for (const [name, rest] of [
    ["a zero", Buffer.alloc(1)],
    ["zeros", Buffer.alloc(100_000)],
    ["noise", noise(1, 1000)],
    ["zeros and a member", Buffer.concat([Buffer.alloc(512), bytes])],
    ["the magic of one more", Buffer.from([0x1f, 0x8b])],
    ["half of one more", bytes.subarray(0, 100)],
  ] as const) {
    test(name, () => {
      const all = Buffer.concat([bytes, rest]);
      // In the piece that holds the end, and in one of their own.
      for (const pieces of [[all], [bytes, rest], [...slices(all, 1000)]]) {
        assert.throws(() => unpacked(gunzip(pieces)), DecodeError);
      }
    });
  }
});

test("a damaged stream is told where it is damaged, after what came before it", () => {
  const bytes = gzipSync(noise(3, 200_000));
  bytes[150_000] = bytes[150_000]! ^ 0xff;
  let size = 0;
  assert.throws(() => {
    for (const part of gunzip(slices(bytes, 16_384))) size += part.length;
  }, DecodeError);
  assert.ok(size > 100_000, `${size}`);
});

test("no input is no gzip", () => {
  assert.throws(() => unpacked(gunzip([])), /unexpected end of file/);
});

test("whoever stops in the middle stops the source", () => {
  let given = 0;
  function* pieces() {
    for (const piece of slices(gzipSync(noise(1, 500_000)), 10_000)) {
      given += 1;
      yield piece;
    }
  }
  for (const part of gunzip(pieces())) if (part.length > 0) break;
  assert.ok(given < 5, `${given}`);
});
