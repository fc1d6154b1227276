import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cached, recipe } from "./cache.ts";
import { onCleanup, tempDir } from "./cleanup.ts";

/** Each test has a cache of its own; they run one after the other. */
function cacheFor(t: TestContext): string {
  const before = process.env.AIRCRATE_TEST_CACHE;
  const dir = join(tempDir(t), "cache");
  process.env.AIRCRATE_TEST_CACHE = dir;
  onCleanup(t, () => {
    if (before === undefined) delete process.env.AIRCRATE_TEST_CACHE;
    else process.env.AIRCRATE_TEST_CACHE = before;
  });
  return dir;
}

test("an entry is made once, however many ask at the same time", async (t) => {
  const root = cacheFor(t);
  let made = 0;
  const make = async (dir: string) => {
    made += 1;
    await sleep(150);
    writeFileSync(join(dir, "file"), "content");
  };
  const dirs = await Promise.all([cached("a", make), cached("a", make), cached("a", make)]);
  assert.deepEqual(new Set(dirs), new Set([join(root, "a")]));
  assert.equal(made, 1);
  assert.equal(readFileSync(join(root, "a/file"), "utf8"), "content");
  assert.deepEqual(readdirSync(root), ["a"]);
});

test("a failed make leaves nothing, and the next one succeeds", async (t) => {
  const root = cacheFor(t);
  const broken = async (dir: string) => {
    writeFileSync(join(dir, "half"), "");
    throw new Error("broken");
  };
  await assert.rejects(cached("a", broken), /broken/);
  assert.deepEqual(readdirSync(root), []);
  await cached("a", async (dir) => writeFileSync(join(dir, "file"), ""));
  assert.deepEqual(readdirSync(join(root, "a")), ["file"]);
});

test("a lock that its holder left behind does not keep others waiting", async (t) => {
  const root = cacheFor(t);
  mkdirSync(join(root, "a.lock"), { recursive: true });
  utimesSync(join(root, "a.lock"), 0, 0);
  await cached("a", async () => undefined);
  assert.deepEqual(readdirSync(root), ["a"]);
});

test("a recipe depends on every file and word", async () => {
  const names = await Promise.all([recipe([]), recipe([import.meta.url]), recipe([import.meta.url], "word")]);
  assert.equal(new Set(names).size, 3);
  assert.equal(await recipe([import.meta.url], "word"), names[2]);
});
