import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { type GzipBoundary, GzipFormatError, readGzip } from "../../lib/gzip/members.ts";

const PARTS = [Buffer.alloc(0), randomBytes(100), Buffer.alloc(300_000, "abcdef"), randomBytes(5000)];
const PLAIN = Buffer.concat(PARTS);
const PACKED = PARTS.map((part) => gzipSync(part));
const FILE = Buffer.concat(PACKED);

test("members of any kind are read in chunks of any size, and their places told", async () => {
  for (const size of [1, 7, 1000, 65_536, FILE.length]) {
    const boundaries: GzipBoundary[] = [];
    assert.ok((await unpack(FILE, size, boundaries)).equals(PLAIN), `chunks of ${size}`);
    let packed = 0;
    let plain = 0;
    const expected = PARTS.map((part, i) => {
      const boundary = { packed, plain };
      packed += PACKED[i]!.length;
      plain += part.length;
      return boundary;
    });
    assert.deepEqual(boundaries, [...expected, { packed, plain }]);
  }
});

test("a member's header may have every optional field", async () => {
  const content = Buffer.from("content");
  const flags = 2 + 4 + 8 + 16;
  const fields = [[5, 0, 1, 2, 3, 4, 5], [...Buffer.from("name\0")], [...Buffer.from("comment\0")]].flat();
  const header = Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 2, 3, ...fields]);
  const check = crc32(header) & 0xffff;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length, 4);
  const rest = [Buffer.from([check & 0xff, check >> 8]), deflateRawSync(content), trailer];
  const file = Buffer.concat([header, ...rest]);
  for (const size of [1, 100]) assert.deepEqual(await unpack(file, size), content);
  file[12]! ^= 1;
  await assert.rejects(unpack(file, 100), /header of the gzip member at byte 0 does not match its CRC/);
});

const WRONG: readonly (readonly [name: string, bytes: Buffer, message: RegExp])[] = [
  ["nothing", Buffer.alloc(0), /is not packed with gzip/],
  ["text", Buffer.from("hello, this is text"), /is not packed with gzip/],
  ["zeros behind", Buffer.concat([FILE, Buffer.alloc(5)]), /bytes that are no gzip follow its end at byte \d{4}/],
  ["text behind", Buffer.concat([FILE, Buffer.from("xx")]), /bytes that are no gzip follow its end/],
  ["half of a magic number behind", Buffer.concat([FILE, Buffer.from("\x1fhello, world", "latin1")]), /no gzip follow/],
  ["a header behind that ends", Buffer.concat([FILE, PACKED[0]!.subarray(0, 5)]), /ends too early/],
  ["the last byte missing", FILE.subarray(0, -1), /ends too early/],
  ["an end in the data", FILE.subarray(0, -1000), /ends too early/],
  ["another method", Buffer.from([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0]), /unknown method or flag/],
  ["an unknown flag", Buffer.from([0x1f, 0x8b, 8, 0x20, 0, 0, 0, 0, 0, 0]), /unknown method or flag/],
  [
    "a name without end",
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0]), Buffer.alloc(70_000, 65)]),
    /does not end/,
  ],
  ["a wrong CRC", spoiled(FILE, FILE.length - 8), /member at byte \d+ does not match its CRC-32/],
  ["a wrong size", spoiled(FILE, FILE.length - 1), /member at byte \d+ does not match its size/],
];

for (const [name, bytes, message] of WRONG) {
  test(`${name} is refused`, async () => {
    for (const size of [1, 1000, bytes.length + 1]) {
      await assert.rejects(unpack(bytes, size), (error: Error) => {
        assert.ok(error instanceof GzipFormatError);
        assert.match(error.message, message);
        return true;
      });
    }
  });
}

test("the source can be read on when unpacking fails or is left", async () => {
  const chunks = [FILE.subarray(0, 1000), Buffer.from("not gzip, not gzip"), Buffer.from("the rest")];
  let taken = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () =>
        taken < chunks.length
          ? { done: false as const, value: chunks[taken++]! }
          : { done: true as const, value: undefined },
      return: async () => assert.fail("closed"),
    }),
  };
  await assert.rejects(async () => {
    for await (const _ of readGzip(source));
  }, GzipFormatError);
  for await (const _ of readGzip({
    [Symbol.asyncIterator]: () => ({
      ...source[Symbol.asyncIterator](),
      next: async () => ({ done: false, value: FILE }),
    }),
  }))
    break;
});

function spoiled(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

async function unpack(bytes: Uint8Array, size: number, boundaries: GzipBoundary[] = []): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of readGzip(slices(bytes, size), (boundary) => boundaries.push(boundary))) parts.push(part);
  return Buffer.concat(parts);
}

async function* slices(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
