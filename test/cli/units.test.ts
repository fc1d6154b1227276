import assert from "node:assert/strict";
import test from "node:test";
import { parseDuration, parseSize } from "../../cli/units.ts";
import { throwsWith } from "../support/faults.ts";

test("durations", () => {
  assert.equal(parseDuration("90m"), 90 * 60_000);
  assert.equal(parseDuration("12h"), 12 * 3_600_000);
  assert.equal(parseDuration("30d"), 30 * 86_400_000);
  assert.equal(parseDuration("0d"), 0);
  for (const text of ["", "30", "d", "-1d", "1.5h", "1w", "1d ", "1d2h", "9999999999d"]) {
    throwsWith(() => parseDuration(text), "usage", /is no duration/, /30d/);
  }
});

test("sizes", () => {
  for (const [text, size] of [
    ["0", 0],
    ["1000", 1000],
    ["12b", 12],
    ["5kB", 5000],
    ["5KB", 5000],
    ["5k", 5000],
    ["5GB", 5e9],
    ["5gb", 5e9],
    ["5GiB", 5 * 1024 ** 3],
    ["5Gi", 5 * 1024 ** 3],
    ["1.5MB", 1_500_000],
    ["2TB", 2e12],
  ] as const) {
    assert.equal(parseSize(text), size, text);
  }
  for (const text of ["", "GB", "-1", "5 GB", "5PB", "5ib", "1e9", "999999999999TB", "0x10"]) {
    throwsWith(() => parseSize(text), "usage", /is no size/, /5GiB/);
  }
});
