import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Value } from "@sinclair/typebox/value";
import { digestOf, hex } from "../lib/digest.ts";
import { VERSION } from "../lib/version.ts";
import { Digest } from "../spec/oci.ts";
import { tempDir } from "./support/cleanup.ts";
import { runOk } from "./support/run.ts";
import { noise } from "./support/seeded.ts";
import { projectDir } from "./support/tools.ts";

test("digests are those of sha256sum", async (t) => {
  const file = join(tempDir(t), "blob");
  for (const bytes of [Buffer.alloc(0), Buffer.from("äöü"), noise(1, 100_000)]) {
    writeFileSync(file, bytes);
    const [expected] = (await runOk("sha256sum", [file])).split(" ");
    assert.equal(digestOf(bytes), `sha256:${expected}`);
    assert.equal(hex(digestOf(bytes)), expected);
    assert.ok(Value.Check(Digest, digestOf(bytes)));
  }
  assert.equal(digestOf("text"), digestOf(Buffer.from("text")));
});

test("the version is that of package.json", () => {
  assert.equal(VERSION, JSON.parse(readFileSync(join(projectDir(), "package.json"), "utf8")).version);
});
