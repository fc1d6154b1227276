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
