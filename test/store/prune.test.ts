import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { hex } from "../../lib/digest.ts";
import { PACKING } from "../../lib/gzip/deflate.ts";
import { readLocked } from "../../lib/lock/locked.ts";
import { blobFile, hasBlob, recordFile, type Store, writeBlob } from "../../lib/store/layout.ts";
import { takeLease } from "../../lib/store/lease.ts";
import { listStore } from "../../lib/store/list.ts";
import { pruneStore } from "../../lib/store/prune.ts";
import { findStore } from "../../lib/store/survey.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import { decode } from "../../spec/decode.ts";
import type { Lock } from "../../spec/lock.ts";
import { PruneReport } from "../../spec/store-reports.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { assertEmpty, storeFiles, tempStore } from "../support/store.ts";
import { age, DAY, filledStore } from "./filled.ts";

async function pruned(store: Store, options = {}): Promise<PruneReport> {
  const report = decode(PruneReport, await pruneStore(store, options));
  const { problems } = await verifyStore(store);
  assert.deepEqual(problems, [], "what stays fits together");
  return report;
}

/** What each step removed, without those that removed nothing. */
function counts({ steps }: PruneReport): Record<string, number> {
  return Object.fromEntries(
    steps.filter(({ removed }) => removed.count > 0).map((step) => [step.name, step.removed.count]),
  );
}

async function names(store: Store): Promise<string[]> {
  return (await listStore(store)).references.map(({ reference }) => reference.replace(/^.*\//, ""));
}

test("without options only garbage goes, of every kind", async (t) => {
  const { store, packed } = await filledStore(t);
  const before = storeFiles(store);
  assert.deepEqual(counts(await pruned(store)), {}, "there is none");

  const put = (...path: string[]) => {
    const file = recordFile(store, ...path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "xyz");
    return file;
  };
  const old = [put("tmp", "old"), put("partial", `${"1".repeat(64)}.part`), put("leases", "old.json")];
  const scratch = put("tmp", "scratch", "below", "file");
  age([...old, scratch, join(scratch, ".."), join(scratch, "../..")], 8 * DAY);
  const young = [put("tmp", "young"), put("partial", `${"2".repeat(64)}.part`), put("tmp", "in use", "below", "file")];
  age([join(young[2]!, ".."), join(young[2]!, "../..")], 8 * DAY);
  put("quarantine", "3".repeat(64));
  const { digest } = await writeBlob(store, Buffer.from("nobody knows it"));
  put("references", "none.json");
  put("trees", `${"4".repeat(64)}.json`);
  rmSync(blobFile(store, packed.digest));

  const dry = await pruneStore(store, { dryRun: true });
  const there = storeFiles(store);
  const report = await pruned(store);
  const expected = {
    ...{ leases: 1, temporary: 2, partial: 1, quarantine: 1, blobs: 1 },
    // The record of the layer that is lost, that of its size, and what is no record.
    ...{ records: 3, trees: 1 },
  };
  assert.deepEqual(counts(report), expected);
  assert.deepEqual(counts(dry), expected);
  assert.deepEqual({ ...dry, dryRun: false }, report);
  assert.ok(there.length > storeFiles(store).length, "the dry run removed nothing");
  for (const file of young) assert.ok(storeFiles(store).some((name) => file.endsWith(name)));
  assert.equal(await hasBlob(store, { digest, size: 15 }), false);
  for (const file of young) rmSync(file);
  const lost = [
    `blobs/sha256/${hex(packed.digest)}`,
    `aircrate/packed-${PACKING.name}/${hex(packed.diffId)}.json`,
    `aircrate/sizes-${PACKING.name}/${packed.plainSize}.json`,
  ];
  assert.deepEqual(
    storeFiles(store),
    before.filter((file) => !lost.includes(file)),
  );
});

test("references and layers that were not used for long go, with all that nothing else needs", async (t) => {
  const { store, one, two, shared, ownOfOne, ownOfTwo, packed, config } = await filledStore(t);
  const manifestOfOne = (await listStore(store)).references.find(({ reference }) => reference === one)!.manifest;
  age([blobFile(store, manifestOfOne), blobFile(store, shared.digest), blobFile(store, ownOfOne.digest)], 31 * DAY);
  assert.deepEqual(counts(await pruned(store, { olderThan: 32 * DAY })), {});
  const report = await pruned(store, { olderThan: 30 * DAY });
  assert.deepEqual(report.dropped, [{ reference: one, platform: "linux/arm64" }]);
  assert.deepEqual(counts(report), { references: 1, blobs: 3, records: 1, trees: 1 });
  assert.deepEqual(await names(store), ["two:1"]);
  assert.equal(await hasBlob(store, shared), true, "the other image has it too");
  assert.equal(await hasBlob(store, ownOfOne), false);
  assert.equal(await hasBlob(store, { digest: config, size: 0 }), false);
  assert.equal(await hasBlob(store, ownOfTwo), true);

  age([blobFile(store, packed.digest)], 31 * DAY);
  assert.deepEqual(counts(await pruned(store, { olderThan: 30 * DAY })), { blobs: 1, records: 2 });
  assert.deepEqual(await names(store), [two.replace(/^.*\//, "")]);
  await pruned(store, { olderThan: 0 });
  assertEmpty(store);
});

test("what was used least recently goes until the rest fits", async (t) => {
  const { store, one, packed, ownOfOne, shared } = await filledStore(t);
  const { references, blobs } = await listStore(store);
  const [manifestOfOne, manifestOfTwo] = ["one", "two"].map(
    (name) => references.find(({ reference }) => reference.endsWith(`/${name}:1`))!.manifest,
  );
  age([blobFile(store, manifestOfOne!)], 3 * DAY);
  age([blobFile(store, packed.digest)], 2 * DAY);
  age([blobFile(store, manifestOfTwo!)], DAY);
  assert.deepEqual(counts(await pruned(store, { maxSize: blobs.size })), {});
  assert.deepEqual((await pruned(store, { maxSize: blobs.size - 1 })).dropped, [
    { reference: one, platform: "linux/arm64" },
  ]);
  assert.equal(await hasBlob(store, ownOfOne), false);
  assert.equal(await hasBlob(store, shared), true);
  const left = (await listStore(store)).blobs.size;
  const report = await pruned(store, { maxSize: left - 1 });
  assert.deepEqual(report.dropped, []);
  assert.equal(report.kept.size, left - packed.size);
  assert.deepEqual(await names(store), ["two:1"]);
  await pruned(store, { maxSize: 0 });
  assertEmpty(store);
});

test("lock files say which images stay, whatever their age and size", async (t) => {
  const { store, one, two, shared, packed } = await filledStore(t);
  const file = join(tempDir(t), "aircrate.lock");
  const manifest = (await listStore(store)).references.find(({ reference }) => reference === two)!.manifest;
  const blob = { digest: manifest, mediaType: "x", size: 1 };
  // The reference counts, and what it is locked to: here a config that no reference has.
  const config = await writeBlob(store, Buffer.from("locked"));
  const fetched = await writeBlob(store, Buffer.from("fetched"));
  const lock: Lock = {
    version: 1,
    files: { [fetched.digest]: { platforms: ["linux/arm64"], size: fetched.size, url: "https://example.com/a" } },
    images: { [two]: { platforms: { "linux/arm64": { manifest: blob, config: { ...blob, ...config }, layers: [] } } } },
  };
  writeFileSync(file, JSON.stringify(lock));
  const locked = await readLocked([file]);
  age(
    [...locked.digests].map((digest) => blobFile(store, digest)),
    90 * DAY,
  );
  const report = await pruned(store, { locked });
  assert.deepEqual(report.dropped, [{ reference: one, platform: "linux/arm64" }]);
  assert.deepEqual(await names(store), ["two:1"]);
  assert.equal(await hasBlob(store, shared), true);
  assert.equal(await hasBlob(store, packed), true, "layers of trees go by their age alone");
  await pruned(store, { locked, olderThan: 0, maxSize: 0 });
  assert.deepEqual(await names(store), ["two:1"]);
  assert.equal(await hasBlob(store, config), true);
  assert.equal(await hasBlob(store, fetched), true);
  assert.equal(await hasBlob(store, packed), false);

  await rejectsWith(readLocked([`${file}x`]), "unreachable");
  for (const text of ["{", "{}", '{"version":2,"images":{}}']) {
    writeFileSync(file, text);
    const error = await rejectsWith(readLocked([file]), "input");
    assert.ok(error.message.startsWith(`${file}:1`), error.message);
  }
});

test("what a running build may need stays", async (t) => {
  const { store, ownOfOne, shared, packed } = await filledStore(t);
  age(
    storeFiles(store).map((file) => join(store.root, file)),
    5 * DAY,
  );
  const giveBack = await takeLease(store);
  // As a build does: it finds two layers, and writes something that is not recorded yet.
  await hasBlob(store, ownOfOne);
  await hasBlob(store, packed);
  const written = await writeBlob(store, Buffer.from("new"));
  const report = await pruneStore(store, { olderThan: DAY });
  assert.equal(report.steps.find(({ name }) => name === "blobs")!.inUse, 2, "the packed one is young now");
  for (const blob of [ownOfOne, packed, written]) assert.equal(await hasBlob(store, blob), true);
  assert.equal(await hasBlob(store, shared), false);
  assert.equal(report.dropped.length, 2);
  await giveBack();
  await pruneStore(store, { olderThan: 0 });
  assertEmpty(store);
});

test("a reference that a running build found stays with all that it needs", async (t) => {
  const { store, two } = await filledStore(t);
  age(
    storeFiles(store).map((file) => join(store.root, file)),
    5 * DAY,
  );
  const giveBack = await takeLease(store);
  const { manifest } = (await listStore(store)).references.find(({ reference }) => reference === two)!;
  age([blobFile(store, manifest)], 0);
  const report = await pruned(store, { locked: { references: new Set(), digests: new Set() } });
  assert.equal(report.steps.find(({ name }) => name === "references")!.inUse, 1);
  assert.deepEqual(
    (await listStore(store)).references.map(({ reference, complete }) => [reference, complete]),
    [[two, true]],
  );
  await giveBack();
});

test("only a store is pruned: no folder of others, and none is made", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "file"), "somebody's");
  await rejectsWith(findStore(dir), "input", /is not a store/);
  await rejectsWith(findStore(join(dir, "file")), "unreachable", /cannot be read/);
  const none = await findStore(join(dir, "none"));
  assert.deepEqual((await pruneStore(none, { olderThan: 0 })).removed, { count: 0, size: 0 });
  assert.deepEqual(readdirSync(dir), ["file"]);
  const store = await tempStore(t);
  assert.deepEqual(await findStore(store.root), store);
});
