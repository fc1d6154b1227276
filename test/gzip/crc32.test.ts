import assert from "node:assert/strict";
import test from "node:test";
import { crc32 } from "node:zlib";
import { crc32Combine } from "../../lib/gzip/crc32.ts";
import { noise, seeded } from "../support/seeded.ts";

test("the CRC of two parts is that of the whole", () => {
  const next = seeded(1);
  for (let round = 0; round < 300; round += 1) {
    const bytes = noise(round, next(5000));
    const cut = next(bytes.length + 1);
    const [a, b] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.equal(crc32Combine(crc32(a), crc32(b), b.length), crc32(bytes), `${cut} of ${bytes.length}`);
  }
});

test("many parts, in any grouping", () => {
  const bytes = noise(2, 100_000);
  const next = seeded(3);
  let left = 0;
  const parts: { crc: number; size: number }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const part = bytes.subarray(at, at + 1 + next(9000));
    left = crc32Combine(left, crc32(part), part.length);
    parts.push({ crc: crc32(part), size: part.length });
    at += part.length;
  }
  const right = parts.reduceRight(
    (sum, part) => ({ crc: crc32Combine(part.crc, sum.crc, sum.size), size: part.size + sum.size }),
    { crc: 0, size: 0 },
  );
  assert.equal(left, crc32(bytes));
  assert.equal(right.crc, crc32(bytes));
});

test("empty parts, zeros, and sizes beyond 4 GiB", () => {
  const crc = crc32("abc");
  assert.equal(crc32Combine(crc, 0, 0), crc);
  assert.equal(crc32Combine(0, crc, 3), crc);
  assert.equal(
    crc32Combine(crc, crc32(Buffer.alloc(1000)), 1000),
    crc32(Buffer.concat([Buffer.from("abc"), Buffer.alloc(1000)])),
  );
  // 5 GiB of zeros, made of 5 times the same GiB, against one by one.
  const gib = 1024 ** 3;
  let zeros = crc32(Buffer.alloc(1024 * 1024));
  for (let size = 1024 * 1024; size < gib; size *= 2) zeros = crc32Combine(zeros, zeros, size);
  let five = 0;
  for (let i = 0; i < 5; i += 1) five = crc32Combine(five, zeros, gib);
  const two = crc32Combine(zeros, zeros, gib);
  const four = crc32Combine(two, two, 2 * gib);
  assert.equal(crc32Combine(zeros, four, 4 * gib), five);
  assert.equal(crc32Combine(four, zeros, gib), five);
  assert.equal(crc32Combine(crc, five, 5 * gib), crc32Combine(crc32Combine(crc, zeros, gib), four, 4 * gib));
});
