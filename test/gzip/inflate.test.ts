import assert from "node:assert/strict";
import { test } from "node:test";
import { type BlockEnd, deflateWithNode } from "../../lib/gzip/deflate.ts";
import { unpacksTo } from "../../lib/gzip/inflate.ts";
import { noise, prose } from "../support/seeded.ts";

const DICTIONARY = prose(1, 32 * 1024);
const BLOCKS = [prose(2, 131_072), noise(3, 70_000), prose(1, 1000), Buffer.alloc(512)];
const ENDS: readonly BlockEnd[] = ["flush", "finish"];

test("a block is known by what it unpacks to, with and without a dictionary", () => {
  for (const block of BLOCKS) {
    for (const end of ENDS) {
      for (const dictionary of [DICTIONARY, Buffer.alloc(0)]) {
        assert.ok(unpacksTo(deflateWithNode(block, dictionary, end), block, dictionary, end));
      }
    }
  }
});

test("what is no whole block, ends in another way, or unpacks to something else is none", () => {
  for (const block of BLOCKS) {
    for (const end of ENDS) {
      const packed = Buffer.from(deflateWithNode(block, DICTIONARY, end));
      const other = Buffer.from(block);
      other[other.length - 1]! ^= 1;
      const wrong: Record<string, Uint8Array> = {
        empty: Buffer.alloc(0),
        "cut by a byte": packed.subarray(0, -1),
        "cut in its marker": packed.subarray(0, -2),
        "cut in the middle": packed.subarray(0, packed.length >> 1),
        "with a byte behind it": Buffer.concat([packed, Buffer.of(0)]),
        "with an end behind it": Buffer.concat([packed, Buffer.of(3, 0)]),
        "of the other end": deflateWithNode(block, DICTIONARY, end === "flush" ? "finish" : "flush"),
        "longer by a byte": deflateWithNode(Buffer.concat([block, Buffer.of(7)]), DICTIONARY, end),
        "shorter by a byte": deflateWithNode(block.subarray(0, -1), DICTIONARY, end),
        "of other bytes": deflateWithNode(other, DICTIONARY, end),
        "that unpacks without end": deflateWithNode(Buffer.alloc(5_000_000), DICTIONARY, end),
      };
      for (const [name, bytes] of Object.entries(wrong)) {
        assert.equal(unpacksTo(bytes, block, DICTIONARY, end), false, `${block.length} ${end}: ${name}`);
      }
    }
  }
});

/** Bytes as one stored block, which says of itself that it has `more` bytes behind them. */
function stored(bytes: Uint8Array, more: number, last: boolean): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(bytes.length + more);
  size.writeUInt16LE(~(bytes.length + more) & 0xffff, 2);
  return Buffer.concat([Buffer.of(last ? 1 : 0), size, bytes]);
}

test("what takes bytes behind it for its own is no block, whatever stands there", () => {
  const start = prose(4, 1000);
  // What a block may be told by to end: a stored block, of no bytes or of some.
  for (const size of [0, 1, 8]) {
    const end = stored(Buffer.alloc(0), size, true);
    const block = Buffer.concat([start, end]);
    for (const last of [true, false]) {
      const packed = Buffer.concat([stored(start, 0, false), stored(Buffer.alloc(0), end.length + size, last)]);
      assert.equal(unpacksTo(packed, block, DICTIONARY, "flush"), false, `${size} ${last}`);
    }
  }
  for (const more of [0, 5, 13]) {
    assert.equal(unpacksTo(stored(start, more, false), start, DICTIONARY, "flush"), more === 0, String(more));
  }
  // The beginning of a block with codes of its own (BTYPE 10), whose lengths would be read from what follows.
  const open = Buffer.concat([stored(start, 0, false), Buffer.of(0b100, 0, 0)]);
  assert.equal(unpacksTo(open, start, DICTIONARY, "flush"), false);
});
