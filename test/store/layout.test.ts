import assert from "node:assert/strict";
import { once } from "node:events";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { digestOf, hex } from "../../lib/digest.ts";
import {
  blobFile,
  createBlobWriter,
  hasBlob,
  openStore,
  readBlob,
  recordFile,
  writeBlob,
  writeWhole,
} from "../../lib/store/layout.ts";
import { decodeJson } from "../../spec/decode.ts";
import { Index, LayoutMarker } from "../../spec/oci.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { killGroup, spawnGroup } from "../support/run.ts";
import { noise, seeded } from "../support/seeded.ts";
import { assertEmpty, storeFiles, tempStore } from "../support/store.ts";

test("a new store is an empty OCI image layout", async (t) => {
  const root = join(tempDir(t), "a", "b");
  const store = await openStore(root);
  decodeJson(LayoutMarker, readFileSync(join(root, "oci-layout")));
  assert.deepEqual(decodeJson(Index, readFileSync(join(root, "index.json"))).manifests, []);
  assert.deepEqual(readdirSync(root).sort(), ["aircrate", "blobs", "index.json", "oci-layout"]);
  assertEmpty(store);
});

test("opening it again changes nothing", async (t) => {
  const store = await tempStore(t);
  writeFileSync(join(store.root, "index.json"), "mine");
  const blob = await writeBlob(store, Buffer.from("x"));
  const again = await openStore(store.root);
  assert.equal(again.root, store.root);
  assert.equal(readFileSync(join(store.root, "index.json"), "utf8"), "mine");
  assert.ok(await hasBlob(again, blob));
});

test("a folder that cannot be a store", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "file"), "");
  mkdirSync(join(dir, "half"));
  writeFileSync(join(dir, "half/blobs"), "");
  symlinkSync("loop", join(dir, "loop"));
  for (const name of ["file", "file/below", "half", "loop", "n".repeat(300)]) {
    const error = await rejectsWith(
      openStore(join(dir, name)),
      "unreachable",
      /the store cannot be used/,
      /AIRCRATE_STORE/,
    );
    assert.equal(error.where, join(dir, name));
  }
});

test("small blobs are found by digest and size, and read only when they are whole", async (t) => {
  const store = await tempStore(t);
  const bytes = Buffer.from("content");
  const blob = await writeBlob(store, bytes);
  assert.deepEqual(blob, { digest: digestOf(bytes), size: 7 });
  assert.equal(blobFile(store, blob.digest), join(store.root, "blobs/sha256", hex(blob.digest)));
  assert.deepEqual(await writeBlob(store, bytes), blob);
  assert.deepEqual(await readBlob(store, blob), bytes);
  assert.equal(await hasBlob(store, { ...blob, size: 8 }), false);
  assert.equal(await readBlob(store, { ...blob, size: 8 }), undefined);
  assert.equal(await hasBlob(store, { digest: digestOf("other"), size: 7 }), false);
  writeFileSync(blobFile(store, blob.digest), "damaged");
  assert.equal(await readBlob(store, blob), undefined);
  assert.deepEqual(storeFiles(store), [`aircrate/quarantine/${hex(blob.digest)}`], "it was set aside");
  mkdirSync(blobFile(store, blob.digest));
  assert.equal(await hasBlob(store, blob), false);
});

test("asking for a blob is use, and marks it when the last one is more than an hour ago", async (t) => {
  const store = await tempStore(t);
  const blob = await writeBlob(store, Buffer.from("content"));
  const file = blobFile(store, blob.digest);
  const old = new Date("2020-01-01");
  const recent = new Date(Date.now() - 30 * 60 * 1000);
  const uses = [
    () => hasBlob(store, blob),
    () => readBlob(store, blob),
    () => writeBlob(store, Buffer.from("content")),
  ];
  for (const use of uses) {
    utimesSync(file, old, old);
    await use();
    assert.ok(Date.now() - statSync(file).mtimeMs < 60_000);
    utimesSync(file, recent, recent);
    await use();
    assert.equal(Math.round(statSync(file).mtimeMs), recent.getTime());
  }
  utimesSync(file, old, old);
  assert.equal(await hasBlob(store, { ...blob, size: 8 }), false);
  assert.equal(Math.round(statSync(file).mtimeMs), old.getTime(), "what is not what was looked for is not used");
});

test("a blob is there when it is committed, and not before", async (t) => {
  const store = await tempStore(t);
  const next = seeded(1);
  const bytes = noise(1, 3_000_000);
  const digest = digestOf(bytes);
  const writer = await createBlobWriter(store);
  for (let at = 0; at < bytes.length; ) {
    const step = 1 + next(200_000);
    await writer.write(bytes.subarray(at, at + step));
    at += step;
  }
  assert.equal(await hasBlob(store, { digest, size: bytes.length }), false);
  await writer.commit(digest);
  assert.equal(Buffer.compare(readFileSync(blobFile(store, digest)), bytes), 0);
  await writer.abort();
  assert.deepEqual(storeFiles(store), [`blobs/sha256/${hex(digest)}`]);
});

test("many tiny chunks, more than one system call takes", async (t) => {
  const store = await tempStore(t);
  const bytes = noise(2, 9000);
  const writer = await createBlobWriter(store);
  for (let at = 0; at < bytes.length; at += 2) await writer.write(bytes.subarray(at, at + 2));
  await writer.commit(digestOf(bytes));
  assert.deepEqual(readFileSync(blobFile(store, digestOf(bytes))), bytes);
});

test("what is given up leaves nothing", async (t) => {
  const store = await tempStore(t);
  const empty = await createBlobWriter(store);
  await empty.abort();
  const writer = await createBlobWriter(store);
  await writer.write(noise(1, 700_000));
  await writer.write(noise(2, 10));
  assert.equal(storeFiles(store).length, 1);
  await writer.abort();
  await writer.abort();
  assertEmpty(store);
});

test("two writers of one blob", async (t) => {
  const store = await tempStore(t);
  const bytes = noise(1, 100_000);
  const writers = await Promise.all([createBlobWriter(store), createBlobWriter(store)]);
  for (const writer of writers) await writer.write(bytes);
  await Promise.all(writers.map((writer) => writer.commit(digestOf(bytes))));
  assert.deepEqual(storeFiles(store), [`blobs/sha256/${hex(digestOf(bytes))}`]);
});

test("a store that goes away or fills up is unreachable, and keeps nothing of what failed", async (t) => {
  const store = await tempStore(t);
  const place = [/the store cannot be written to/, /AIRCRATE_STORE/];
  const file = join(store.root, "blobs/sha256", "0".repeat(64));
  mkdirSync(file);
  const writer = await createBlobWriter(store);
  await writer.write(Buffer.from("x"));
  const error = await rejectsWith(writer.commit(`sha256:${"0".repeat(64)}`), "unreachable", ...place);
  assert.equal(error.where, store.root);
  await rejectsWith(writeWhole(store, file, "x"), "unreachable", ...place);
  assertEmpty(store, "the temporary files are gone");

  rmSync(recordFile(store, "tmp"), { recursive: true });
  writeFileSync(recordFile(store, "tmp"), "in the way");
  await rejectsWith(createBlobWriter(store), "unreachable", ...place);
  await rejectsWith(writeBlob(store, Buffer.from("y")), "unreachable", ...place);
});

const WRITER = `
const { openStore, createBlobWriter, writeBlob } = await import(process.argv[1]);
const { createHash } = await import("node:crypto");
const store = await openStore(process.argv[2]);
for (let i = 0; i < 40; i += 1) {
  const bytes = Buffer.alloc(50_000 + i, String(i));
  const digest = "sha256:" + createHash("sha256").update(bytes).digest("hex");
  const writer = await createBlobWriter(store);
  for (let at = 0; at < bytes.length; at += 9999) await writer.write(bytes.subarray(at, at + 9999));
  if (i === 20 && process.argv[3] === "dies") process.kill(process.pid, "SIGKILL");
  await writer.commit(digest);
  await writeBlob(store, Buffer.from("small " + i));
}
`;

test("several processes fill one new store at once, and one of them dies", async (t) => {
  const root = join(tempDir(t), "shared");
  const module = new URL("../../lib/store/layout.js", import.meta.url).href;
  const children = ["lives", "lives", "dies"].map((how) =>
    spawnGroup(process.execPath, ["--input-type=module", "-e", WRITER, module, root, how], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  const ends = await Promise.all(children.map((child) => once(child, "exit")));
  for (const child of children) killGroup(child, "SIGKILL");
  assert.deepEqual(ends, [
    [0, null],
    [0, null],
    [null, "SIGKILL"],
  ]);
  const store = await openStore(root);
  const blobs = readdirSync(join(root, "blobs/sha256"));
  assert.equal(blobs.length, 80);
  for (const name of blobs) {
    assert.equal(hex(digestOf(readFileSync(join(root, "blobs/sha256", name)))), name, "a blob that is there is whole");
  }
  assert.equal(readdirSync(recordFile(store, "tmp")).length, 1, "what the dead one was writing");
});
