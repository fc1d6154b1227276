import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { makeFolder } from "../lib/folder.ts";
import { tempDir } from "./support/cleanup.ts";

test("missing folders are made, several at once and by several at once", async (t) => {
  const dir = tempDir(t);
  await Promise.all(["a/b/c", "a/b/d", "a/b/c"].map((name) => makeFolder(join(dir, name))));
  for (const name of ["a/b/c", "a/b/d"]) assert.ok(statSync(join(dir, name)).isDirectory());
  await makeFolder(join(dir, "a/b/c"));
  await makeFolder("/");
  await makeFolder(".");
});

test("a file in the way is an error", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "file"), "");
  await assert.rejects(makeFolder(join(dir, "file")), { code: "EEXIST" });
  await assert.rejects(makeFolder(join(dir, "file/below")), { code: "ENOTDIR" });
});

test("a parent that takes no folders is an error, not a circle", async (t) => {
  if (process.platform !== "linux") return t.skip("needs /proc");
  await assert.rejects(makeFolder("/proc/aircrate/below"), { code: "ENOENT" });
});
