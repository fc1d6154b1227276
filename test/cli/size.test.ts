import assert from "node:assert/strict";
import test from "node:test";
import { parseSize } from "../../cli/size.ts";
import { throwsWith } from "../support/faults.ts";

test("sizes as users write them", () => {
  for (const [text, size] of [
    ["1", 1],
    ["1500B", 1500],
    ["500MB", 500e6],
    ["500 mb", 500e6],
    ["500M", 500e6],
    ["2GiB", 2 * 1024 ** 3],
    ["2gib", 2 * 1024 ** 3],
    ["1.5k", 1500],
    ["0.5KiB", 512],
    ["3Ti", 3 * 1024 ** 4],
    ["1T", 1e12],
  ] as const) {
    assert.equal(parseSize(text), size, text);
  }
});

test("what is no size, or none that is of use", () => {
  for (const text of ["", "0", "0GB", "-1", "MB", "1PB", "1iB", "1e9", "1,5GB", "0x10", "9999999999TB", "1 2", "0.1"]) {
    throwsWith(() => parseSize(text), "usage", /is not a size/, /500MB or 2GiB/);
  }
});
