import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { digestOf, hex } from "../../lib/digest.ts";
import { nativeGivesPakoBytes, PACKING } from "../../lib/gzip/deflate.ts";
import { type BuiltLayer, buildLayer } from "../../lib/layer/build.ts";
import { createLayerBuilder } from "../../lib/layer/builder.ts";
import { blobFile, recordFile, type Store } from "../../lib/store/layout.ts";
import { recordPackedLayer } from "../../lib/store/records.ts";
import { BLOCK_SIZE } from "../../lib/tar/cuts.ts";
import type { TarEntry } from "../../lib/tar/sequence.ts";
import type { Job, JobResult } from "../../lib/workers/jobs.ts";
import { createWorkPool, type WorkPool, type WorkPoolOptions } from "../../lib/workers/pool.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { bytesToBuild, treeToBuild } from "../support/layers-to-build.ts";
import { runOk } from "../support/run.ts";
import { noise, prose } from "../support/seeded.ts";
import { storeFiles, tempStore } from "../support/store.ts";
import { requireTool } from "../support/tools.ts";

function poolFor(t: TestContext, options: WorkPoolOptions = {}): WorkPool {
  const pool = createWorkPool(options);
  onCleanup(t, () => pool.close());
  return pool;
}

function entryOf(file: string, path = "app/file"): TarEntry {
  const { size, mtimeMs } = statSync(file);
  const content = { file, offset: 0, size, mtimeMs };
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0, content };
}

/** A tree whose tar has several blocks, and blocks with several files. */
function makeEntries(t: TestContext): TarEntry[] {
  const dir = tempDir(t);
  const entries: TarEntry[] = [{ path: "app", type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 }];
  const contents = [
    prose(1, 700_000),
    noise(2, 300_000),
    prose(3, 10),
    noise(4, 513),
    Buffer.alloc(0),
    prose(5, 90_000),
  ];
  for (const [i, bytes] of contents.entries()) {
    writeFileSync(join(dir, String(i)), bytes);
    entries.push(entryOf(join(dir, String(i)), `app/${i}`));
  }
  return entries;
}

function read(store: Store, layer: BuiltLayer): Buffer {
  return readFileSync(blobFile(store, layer.digest));
}

test("a layer is a gzip member of its tar, and the record says what it is", async (t) => {
  const store = await tempStore(t);
  const layer = await buildLayer(store, poolFor(t), treeToBuild(makeEntries(t)));
  const packed = read(store, layer);
  const plain = gunzipSync(packed);
  assert.equal(layer.source, "packed");
  assert.equal(layer.digest, digestOf(packed));
  assert.equal(layer.size, packed.length);
  assert.equal(layer.diffId, digestOf(plain));
  assert.equal(layer.plainSize, plain.length);
  assert.ok(plain.length > 3 * BLOCK_SIZE);
  if (!requireTool(t, "tar", "gzip")) return;
  const file = join(tempDir(t), "layer.tar.gz");
  writeFileSync(file, packed);
  await runOk("gzip", ["--test", file]);
  // Of several members, gzip would tell the size of the last one.
  const [, size] = (await runOk("gzip", ["--list", "--quiet", file])).trim().split(/\s+/);
  assert.equal(Number(size), plain.length);
  const names = await runOk("tar", ["--list", "--gzip", "-f", file]);
  assert.equal(names, "app/\napp/0\napp/1\napp/2\napp/3\napp/4\napp/5\n");
});

test("native or pako, one thread or four: one digest", async (t) => {
  const entries = makeEntries(t);
  const settings: WorkPoolOptions[] = [1, 2, 3, 4].map((threads) => ({ threads }));
  settings.push({ threads: 2, native: false }, ...(nativeGivesPakoBytes() ? [{ threads: 2, native: true }] : []));
  const digests = new Set<string>();
  for (const options of settings) {
    const store = await tempStore(t);
    const { digest, diffId, size, crc } = await buildLayer(store, poolFor(t, options), treeToBuild(entries));
    digests.add(`${digest} ${diffId} ${size} ${crc}`);
  }
  assert.equal(digests.size, 1);
});

test("sizes around the ends of blocks", async (t) => {
  const store = await tempStore(t);
  const pool = poolFor(t);
  for (const blocks of [1, 2]) {
    for (const beside of [-512, 0, 512]) {
      const bytes = prose(1, blocks * BLOCK_SIZE + beside);
      const layer = await buildLayer(store, pool, bytesToBuild(bytes));
      assert.equal(layer.diffId, digestOf(bytes));
      assert.equal(Buffer.compare(gunzipSync(read(store, layer)), bytes), 0);
    }
  }
});

test("an empty layer", async (t) => {
  const store = await tempStore(t);
  const layer = await buildLayer(store, poolFor(t), treeToBuild([]));
  assert.equal(layer.diffId, digestOf(Buffer.alloc(1024)));
  assert.deepEqual(gunzipSync(read(store, layer)), Buffer.alloc(1024));
});

test("a layer that was packed before is found by its content", async (t) => {
  const store = await tempStore(t);
  const entries = makeEntries(t);
  const first = await buildLayer(store, poolFor(t), treeToBuild(entries));
  const files = storeFiles(store);
  const calls: string[] = [];
  const pool = counting(poolFor(t), calls);
  const again = await buildLayer(store, pool, treeToBuild(entries));
  assert.deepEqual(again, { ...first, source: "store" });
  assert.deepEqual(calls, ["digest"]);
  assert.deepEqual(storeFiles(store), files);

  rmSync(blobFile(store, first.digest));
  assert.deepEqual(await buildLayer(store, pool, treeToBuild(entries)), first, "a lost blob is packed again");
});

test("two builds of one layer at once", async (t) => {
  const store = await tempStore(t);
  const entries = makeEntries(t);
  const layers = await Promise.all([1, 2, 3].map(() => buildLayer(store, poolFor(t), treeToBuild(entries))));
  assert.equal(new Set(layers.map(({ digest }) => digest)).size, 1);
  const { digest, diffId } = layers[0]!;
  assert.deepEqual(storeFiles(store), [
    `aircrate/packed-${PACKING.name}/${hex(diffId)}.json`,
    `aircrate/sizes-${PACKING.name}/${layers[0]!.plainSize}.json`,
    `blobs/sha256/${hex(digest)}`,
  ]);
});

test("a builder makes each layer once", async (t) => {
  const store = await tempStore(t);
  const calls: string[] = [];
  const builder = createLayerBuilder(store, counting(poolFor(t), calls));
  const entries = makeEntries(t);
  const other = entries.map((entry) => ({ ...entry, uid: 1 }));
  const layers = await Promise.all([
    builder(entries, "a"),
    builder([...entries], "b"),
    builder(other, "a"),
    builder(entries, "a"),
  ]);
  assert.equal(layers[0], layers[1]);
  assert.equal(layers[0], layers[3]);
  assert.notEqual(layers[0]!.diffId, layers[2]!.diffId);
  assert.deepEqual(new Set(calls), new Set(["pack"]), "nothing is read before it is packed");
  const jobs = calls.length;
  await createLayerBuilder(store, counting(poolFor(t), calls))(entries, "a");
  assert.deepEqual(calls.slice(jobs), ["digest"]);
});

/** A layer of another content that is as large, so that this one is digested before it is packed. */
async function packTwin(store: Store, plainSize: number): Promise<void> {
  const [digest, diffId] = [digestOf("twin"), digestOf("plain twin")];
  await recordPackedLayer(store, PACKING.name, { version: 1, diffId, plainSize, digest, size: 1, crc: 0 });
}

/** Notes the kind of each job. */
function counting(pool: WorkPool, calls: string[]): WorkPool {
  return {
    ...pool,
    run(job) {
      calls.push(job.kind);
      return pool.run(job);
    },
  };
}

/** Does something after the contents were digested and before they are packed. */
function meanwhile(pool: WorkPool, change: () => void): WorkPool {
  return {
    ...pool,
    async run<J extends Job>(job: J): Promise<JobResult<J>> {
      const result = await pool.run(job);
      if (job.kind === "digest") change();
      return result;
    },
  };
}

const CHANGES: readonly (readonly [name: string, change: (file: string) => void])[] = [
  ["shorter", (file) => truncateSync(file, 10)],
  ["touched", (file) => utimesSync(file, 1, 1)],
  ["rewritten", (file) => writeFileSync(file, noise(9, statSync(file).size))],
  ["removed", (file) => rmSync(file)],
  [
    "replaced by a symbolic link",
    (file) => {
      renameSync(file, `${file}.old`);
      symlinkSync(`${file}.old`, file);
    },
  ],
  [
    "replaced by a fifo",
    (file) => {
      rmSync(file);
      execFileSync("mkfifo", [file]);
    },
  ],
];

describe("a file that changes under the build is named, and nothing is left of the layer", () => {
  for (const [name, change] of CHANGES) {
    for (const size of [1000, 2_000_000]) {
      test(`${name}, ${size} bytes`, async (t) => {
        for (const when of ["before", "between"]) {
          const store = await tempStore(t);
          const file = join(tempDir(t), "file");
          writeFileSync(file, prose(1, size));
          const tar = treeToBuild([entryOf(file)]);
          const pool = poolFor(t, { threads: 1 });
          if (when === "before") change(file);
          if (when === "between") await packTwin(store, tar.stream.size);
          const files = storeFiles(store);
          const watched = when === "before" ? pool : meanwhile(pool, () => change(file));
          const error = await rejectsWith(buildLayer(store, watched, tar), "input", /changed while it was read/);
          assert.equal(error.where, file, when);
          assert.deepEqual(storeFiles(store), files, when);
        }
      });
    }
  }

  test("with its time put back, a change is found by the content", async (t) => {
    const store = await tempStore(t);
    const file = join(tempDir(t), "file");
    writeFileSync(file, prose(1, 2_000_000));
    utimesSync(file, 1000, 1000);
    const tar = treeToBuild([entryOf(file)]);
    await packTwin(store, tar.stream.size);
    const files = storeFiles(store);
    const pool = meanwhile(poolFor(t), () => {
      writeFileSync(file, prose(2, 2_000_000));
      utimesSync(file, 1000, 1000);
    });
    await rejectsWith(buildLayer(store, pool, tar), "input", /changed while it was read/);
    assert.deepEqual(storeFiles(store), files);
  });
});

test("errors that are no fault of the files keep their own words", async (t) => {
  const store = await tempStore(t);
  const layer = bytesToBuild(noise(1, 1_000_000));
  rmSync(recordFile(store, "tmp"), { recursive: true });
  writeFileSync(recordFile(store, "tmp"), "in the way");
  await rejectsWith(buildLayer(store, poolFor(t), layer), "unreachable", /the store cannot be written to/);
  const fault = new Error("a bug");
  const broken: WorkPool = { ...poolFor(t), run: () => Promise.reject(fault) };
  assert.equal(await failure(buildLayer(await tempStore(t), broken, layer)), fault);
});
