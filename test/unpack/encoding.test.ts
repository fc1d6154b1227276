import assert from "node:assert/strict";
import test from "node:test";
import { encodingOf, MAGIC_SIZE } from "../../lib/unpack/encoding.ts";
import { tarOf } from "../support/ustar.ts";

test("the first bytes tell how a file is packed", () => {
  for (const [start, encoding] of [
    ["1f8b0800000000000000", "gzip"],
    ["28b52ffd0458", "zstd"],
    ["502a4d1804000000", "zstd"],
    ["5f2a4d1804000000", "zstd"],
    ["602a4d1804000000", "plain"],
    ["425a6839314159265359", "bzip2"],
    ["fd377a585a0000", "xz"],
    ["", "plain"],
    ["1f", "plain"],
    ["00000000", "plain"],
  ] as const) {
    assert.equal(encodingOf(Buffer.from(start, "hex")), encoding, start);
  }
});

test("a tar file is one, whatever its first name begins with", () => {
  for (const path of ["BZh", "BZh9.txt", "P*M", "7zXZ"]) assert.equal(encodingOf(tarOf([{ path }])), "plain");
});

test("no more bytes are needed than said", () => {
  for (const start of ["1f8b0800", "502a4d18", "425a6839314159265359", "fd377a585a00"]) {
    const bytes = Buffer.concat([Buffer.from(start, "hex"), Buffer.alloc(20, 1)]);
    assert.equal(encodingOf(bytes.subarray(0, MAGIC_SIZE)), encodingOf(bytes));
    assert.notEqual(encodingOf(bytes), "plain");
  }
});
