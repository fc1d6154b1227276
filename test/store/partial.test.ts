import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { digestOf, hex } from "../../lib/digest.ts";
import { recordFile, type Store } from "../../lib/store/layout.ts";
import { claimPartial, releasePartial } from "../../lib/store/partial.ts";
import { rejectsWith } from "../support/faults.ts";
import { runOk } from "../support/run.ts";
import { tempStore } from "../support/store.ts";

const DIGEST = digestOf("a blob");
const HOUR = 60 * 60;

function folder(store: Store): string {
  return recordFile(store, "partial");
}

/** Where claims of this process come from, as in their names. */
async function thisPlace(store: Store): Promise<string> {
  const { file } = await claimPartial(store, digestOf("another"));
  rmSync(file);
  return basename(file).split(".")[1]!;
}

/** Number of a process that has ended. */
async function deadPid(): Promise<number> {
  return Number(await runOk("sh", ["-c", "echo $$"]));
}

function leave(store: Store, owner: string, text: string): string {
  const file = join(folder(store), `${hex(DIGEST)}.${owner}${"0".repeat(12)}`);
  writeFileSync(file, text);
  return file;
}

test("a new one is empty, and each claim has its own", async (t) => {
  const store = await tempStore(t);
  const claims = await Promise.all([1, 2, 3].map(() => claimPartial(store, DIGEST)));
  assert.deepEqual(
    claims.map(({ size }) => size),
    [0, 0, 0],
  );
  assert.equal(new Set(claims.map(({ file }) => file)).size, 3);
  for (const { file } of claims) assert.equal(readFileSync(file, "utf8"), "");
});

test("what was let go of is taken over, the largest first, each by one", async (t) => {
  const store = await tempStore(t);
  for (const text of ["short", "the longest", "longer"]) {
    const claim = await claimPartial(store, digestOf(text));
    writeFileSync(claim.file, text);
    await releasePartial(store, claim);
    const [name] = readdirSync(folder(store)).filter((name) => name.startsWith(hex(digestOf(text))));
    renameSync(join(folder(store), name!), join(folder(store), name!.replace(hex(digestOf(text)), hex(DIGEST))));
  }
  const first = await claimPartial(store, DIGEST);
  assert.deepEqual([first.size, readFileSync(first.file, "utf8")], [11, "the longest"]);
  const rest = await Promise.all([1, 2, 3, 4].map(() => claimPartial(store, DIGEST)));
  assert.deepEqual(rest.map(({ size }) => size).sort(), [0, 0, 5, 6]);
});

test("what is empty when it is let go of, or gone, leaves nothing", async (t) => {
  const store = await tempStore(t);
  await releasePartial(store, await claimPartial(store, DIGEST));
  const gone = await claimPartial(store, DIGEST);
  rmSync(gone.file);
  await releasePartial(store, gone);
  assert.deepEqual(readdirSync(folder(store)), []);
});

describe("one with an owner", () => {
  test("that has ended is taken over", async (t) => {
    const store = await tempStore(t);
    const left = leave(store, `${await thisPlace(store)}.${await deadPid()}.`, "half");
    const { size, file } = await claimPartial(store, DIGEST);
    assert.equal(size, 4);
    assert.ok(!existsSync(left));
    assert.equal(readFileSync(file, "utf8"), "half");
  });
  test("that lives is left alone, this process too", async (t) => {
    const store = await tempStore(t);
    const place = await thisPlace(store);
    const left = [process.pid, process.ppid].map((pid) => leave(store, `${place}.${pid}.`, "half"));
    assert.equal((await claimPartial(store, DIGEST)).size, 0);
    for (const file of left) assert.equal(readFileSync(file, "utf8"), "half");
  });
  test("on another machine is left alone, until nobody wrote to it for an hour", async (t) => {
    const store = await tempStore(t);
    await thisPlace(store);
    const left = leave(store, `0123456789ab.${await deadPid()}.`, "half");
    const now = Date.now() / 1000;
    utimesSync(left, now, now - HOUR + 60);
    assert.equal((await claimPartial(store, DIGEST)).size, 0);
    utimesSync(left, now, now - HOUR - 60);
    assert.equal((await claimPartial(store, DIGEST)).size, 4);
  });
});

test("neither another blob's nor what is no such file is taken", async (t) => {
  const store = await tempStore(t);
  await thisPlace(store);
  const name = (rest: string) => join(folder(store), `${hex(DIGEST)}${rest}`);
  writeFileSync(name(""), "x");
  writeFileSync(name(".backup"), "x");
  writeFileSync(join(folder(store), `${hex(digestOf("x"))}.${"0".repeat(12)}`), "x");
  mkdirSync(name(`.${"1".repeat(12)}`));
  symlinkSync("/etc/passwd", name(`.${"2".repeat(12)}`));
  assert.equal((await claimPartial(store, DIGEST)).size, 0);
});

test("a store that cannot be written to", async (t) => {
  const store = await tempStore(t);
  writeFileSync(folder(store), "a file");
  await rejectsWith(claimPartial(store, DIGEST), "unreachable", /store cannot be written to/, /AIRCRATE_STORE/);
});
