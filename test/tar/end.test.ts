import assert from "node:assert/strict";
import test from "node:test";
import { createTarParser, type TarEnd, TarFormatError } from "../../lib/tar/parser.ts";
import { readTar } from "../../lib/tar/reader.ts";
import { tarOf } from "../support/ustar.ts";

const TAR = tarOf([{ path: "a", data: "content" }]);
const CONTENT = 1024;

function endOf(bytes: Buffer, size: number): TarEnd {
  const parser = createTarParser();
  for (let at = 0; at < bytes.length; at += size) for (const _ of parser.feed(bytes.subarray(at, at + size)));
  return parser.finish();
}

test("what stands behind the last member is told, in chunks of any size", () => {
  const cases: readonly (readonly [bytes: Buffer, end: TarEnd])[] = [
    [TAR, { size: 2048, trailer: 1024, clean: true }],
    [TAR.subarray(0, CONTENT), { size: 1024, trailer: 0, clean: true }],
    [TAR.subarray(0, CONTENT + 512), { size: 1536, trailer: 512, clean: true }],
    [Buffer.concat([TAR, Buffer.alloc(8192)]), { size: 10_240, trailer: 9216, clean: true }],
    [Buffer.concat([TAR, Buffer.from("x")]), { size: 2049, trailer: 1025, clean: false }],
    [Buffer.concat([TAR.subarray(0, CONTENT + 512), TAR]), { size: 3584, trailer: 2560, clean: false }],
    [changed(CONTENT + 150), { size: 2048, trailer: 1024, clean: false }],
    [changed(2047), { size: 2048, trailer: 1024, clean: false }],
  ];
  for (const [bytes, end] of cases) {
    for (const size of [1, 511, 512, 4096, bytes.length]) assert.deepEqual(endOf(bytes, size), end);
  }
});

test("the reader hands the end on", async () => {
  async function* chunks() {
    yield TAR;
  }
  assert.deepEqual(await readTar(chunks(), async () => {}), { size: 2048, trailer: 1024, clean: true });
});

test("numbers that cannot be are a bad header and no crash", () => {
  const huge = Buffer.from(TAR);
  huge.fill(0xff, 125, 136);
  huge[124] = 0x80;
  assert.throws(() => endOf(checksummed(huge), 4096), TarFormatError);
  for (const size of ["1e300", "1.5", "Infinity"]) {
    const record = `size=${size}\n`;
    const length = record.length + 3;
    const pax = tarOf([{ path: "pax", data: `${length} ${record}` }]).subarray(0, CONTENT);
    pax.write("x", 156, "latin1");
    assert.throws(() => endOf(Buffer.concat([checksummed(pax), TAR]), 4096), TarFormatError);
  }
});

/** The tar file with one byte of its end set. */
function changed(at: number): Buffer {
  const bytes = Buffer.from(TAR);
  bytes[at] = 1;
  return bytes;
}

/** Makes the checksum of the first header right again. */
function checksummed(bytes: Buffer): Buffer {
  const header = bytes.subarray(0, 512);
  header.write("        ", 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}
