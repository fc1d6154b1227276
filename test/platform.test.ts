import assert from "node:assert/strict";
import test from "node:test";
import {
  ARM64,
  formatPlatform,
  type Platform,
  parsePlatform,
  parseTargetPlatform,
  platformMatch,
} from "../lib/platform.ts";
import { throwsWith } from "./support/faults.ts";

test("platforms are read and written", () => {
  for (const text of ["linux/arm64", "linux/arm64/v8", "linux/amd64", "linux/arm/v7"]) {
    assert.equal(formatPlatform(parsePlatform(text)), text);
  }
  assert.deepEqual(parsePlatform("linux/arm64"), ARM64);
  assert.equal(formatPlatform({ os: "linux", architecture: "arm64", variant: "" }), "linux/arm64");
  for (const text of ["", "linux", "linux/", "/arm64", "linux/arm64/", "linux/arm64/v8/x", "arm64"]) {
    throwsWith(() => parsePlatform(text), "usage", /not a platform/, /linux\/arm64/);
  }
});

test("one platform to build for, without the variant that arm64 always has", () => {
  for (const text of ["linux/arm64", "linux/arm64/v8", "linux/arm64/8"])
    assert.deepEqual(parseTargetPlatform(text), ARM64);
  for (const text of ["linux/amd64", "linux/arm/v7", "linux/arm64/v9"]) {
    assert.equal(formatPlatform(parseTargetPlatform(text)), text);
  }
  throwsWith(() => parseTargetPlatform("linux/arm64,linux/amd64"), "usage", /for one platform/);
  throwsWith(() => parseTargetPlatform("arm64"), "usage", /not a platform/);
});

test("how well an image serves", () => {
  const table: readonly (readonly [wanted: string, found: Platform, score: 0 | 1 | 2])[] = [
    ["linux/arm64", { os: "linux", architecture: "arm64" }, 2],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "" }, 2],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "v8" }, 1],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "8" }, 1],
    ["linux/arm64/v8", { os: "linux", architecture: "arm64", variant: "v8" }, 2],
    ["linux/arm64/v8", { os: "linux", architecture: "arm64" }, 1],
    ["linux/arm64", { os: "linux", architecture: "arm64", variant: "v9" }, 0],
    ["linux/arm64", { os: "linux", architecture: "arm", variant: "v8" }, 0],
    ["linux/arm64", { os: "linux", architecture: "arm", variant: "v7" }, 0],
    ["linux/arm64", { os: "linux", architecture: "amd64" }, 0],
    ["linux/arm64", { os: "windows", architecture: "arm64" }, 0],
    ["linux/arm64", { os: "unknown", architecture: "unknown" }, 0],
    ["linux/amd64", { os: "linux", architecture: "amd64" }, 2],
    ["linux/amd64", { os: "linux", architecture: "amd64", variant: "v3" }, 0],
  ];
  for (const [wanted, found, score] of table) {
    assert.equal(platformMatch(parsePlatform(wanted), found), score, `${wanted} by ${formatPlatform(found)}`);
  }
});
