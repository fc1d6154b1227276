import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { hex } from "../../lib/digest.ts";
import { PACKING } from "../../lib/gzip/deflate.ts";
import type { BuiltLayer } from "../../lib/layer/build.ts";
import { createLayerBuilder } from "../../lib/layer/builder.ts";
import { blobFile, recordFile, type Store } from "../../lib/store/layout.ts";
import type { TarEntry } from "../../lib/tar/sequence.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { tempDir } from "../support/cleanup.ts";
import { noise, prose, seeded } from "../support/seeded.ts";
import { tempStore } from "../support/store.ts";

/** A tree of 60 files, 3 MB, and of one large file of 1 MB. */
function makeTree(t: TestContext) {
  const dir = tempDir(t);
  const next = seeded(1);
  for (let i = 0; i < 60; i += 1) {
    const make = i % 3 === 0 ? noise : prose;
    writeFileSync(join(dir, `file${i}`), make(i, 20_000 + next(60_000)));
  }
  writeFileSync(join(dir, "large"), prose(99, 1_000_000));
  const entries = (): TarEntry[] =>
    readdirSync(dir)
      .sort()
      .map((name) => {
        const file = join(dir, name);
        const { size, mtimeMs } = statSync(file);
        const content = { file, offset: 0, size, mtimeMs };
        return { path: `app/${name}`, type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0, content };
      });
  return { dir, entries };
}

/** Builds as a process of its own would; tells how many blocks were packed. */
async function build(store: Store, entries: readonly TarEntry[], place = "here") {
  const pool = createWorkPool({ threads: 2 });
  let packed = 0;
  const builder = createLayerBuilder(store, {
    ...pool,
    run(job) {
      if (job.kind === "pack") packed += 1;
      return pool.run(job);
    },
  });
  try {
    return { layer: await builder(entries, place), packed };
  } finally {
    await pool.close();
  }
}

/** The layer as a build makes it that never saw anything before. */
async function fresh(t: TestContext, entries: readonly TarEntry[]) {
  const store = await tempStore(t);
  const { layer, packed } = await build(store, entries);
  return { layer, blocks: packed, bytes: readFileSync(blobFile(store, layer.digest)) };
}

function blockRecords(store: Store): string[] {
  return readdirSync(recordFile(store, `blocks-${PACKING.name}`)).map((name) =>
    recordFile(store, `blocks-${PACKING.name}`, name),
  );
}

describe("a change packs what it touches, and gives the bytes of a fresh build", () => {
  const changes: [name: string, atMost: number, change: (dir: string) => void][] = [
    [
      "a file of the same size",
      3,
      (dir) => writeFileSync(join(dir, "file30"), noise(500, statSync(join(dir, "file30")).size)),
    ],
    ["a file that grows", 6, (dir) => writeFileSync(join(dir, "file30"), prose(7, 90_000))],
    ["a new file", 6, (dir) => writeFileSync(join(dir, "file300"), prose(8, 5000))],
    ["a file less", 6, (dir) => rmSync(join(dir, "file30"))],
    ["the first file", 6, (dir) => writeFileSync(join(dir, "file0"), "short")],
    [
      "the last file",
      3,
      (dir) => writeFileSync(join(dir, "large"), Buffer.concat([prose(99, 1_000_000), Buffer.from("more")])),
    ],
  ];
  for (const [name, atMost, change] of changes) {
    test(name, async (t) => {
      const { dir, entries } = makeTree(t);
      const store = await tempStore(t);
      await build(store, entries());
      change(dir);
      const { layer, packed } = await build(store, entries());
      const expected = await fresh(t, entries());
      assert.deepEqual(layer, expected.layer);
      assert.ok(packed >= 1 && packed <= atMost, `${packed} of ${expected.blocks} blocks were packed`);
      assert.ok(expected.blocks > 20);
      const bytes = readFileSync(blobFile(store, layer.digest));
      assert.equal(Buffer.compare(bytes, expected.bytes), 0);
      assert.ok(gunzipSync(bytes).length === layer.plainSize);
    });
  }
});

test("another place has nothing to give, and learns for the next time", async (t) => {
  const { dir, entries } = makeTree(t);
  const store = await tempStore(t);
  await build(store, entries());
  writeFileSync(join(dir, "file1"), "changed");
  const elsewhere = await build(store, entries(), "elsewhere");
  assert.ok(elsewhere.packed > 20);
  writeFileSync(join(dir, "file1"), "changed again");
  assert.ok((await build(store, entries(), "elsewhere")).packed <= 3);
  assert.equal(blockRecords(store).length, 2);
});

describe("what is not as it was is packed", () => {
  async function afterDamage(t: TestContext, damage: (store: Store, layer: BuiltLayer) => void) {
    const { dir, entries } = makeTree(t);
    const store = await tempStore(t);
    const first = await build(store, entries());
    damage(store, first.layer);
    writeFileSync(join(dir, "file1"), "changed");
    const { layer, packed } = await build(store, entries());
    const expected = await fresh(t, entries());
    assert.deepEqual(layer, expected.layer);
    assert.equal(Buffer.compare(readFileSync(blobFile(store, layer.digest)), expected.bytes), 0);
    return { packed, blocks: expected.blocks };
  }
  const blob = (store: Store, { digest }: BuiltLayer) => blobFile(store, digest);

  test("one damaged block", async (t) => {
    const { packed } = await afterDamage(t, (store, layer) => {
      const bytes = readFileSync(blob(store, layer));
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(blob(store, layer), bytes);
    });
    assert.ok(packed >= 2 && packed <= 5, `${packed} packed`);
  });

  const all: [name: string, damage: (store: Store, layer: BuiltLayer) => void][] = [
    ["a blob that is gone", (store, layer) => rmSync(blob(store, layer))],
    ["a blob that is empty", (store, layer) => writeFileSync(blob(store, layer), "")],
    ["a record that is garbage", (store) => writeFileSync(blockRecords(store)[0]!, "{")],
    [
      "a record of another blob",
      (store) => {
        const record = JSON.parse(readFileSync(blockRecords(store)[0]!, "utf8"));
        writeFileSync(
          blockRecords(store)[0]!,
          JSON.stringify({ ...record, digest: `sha256:${hex(record.digest).replace(/./g, "0")}` }),
        );
      },
    ],
  ];
  for (const [name, damage] of all) {
    test(name, async (t) => {
      const { packed, blocks } = await afterDamage(t, damage);
      assert.equal(packed, blocks);
    });
  }
});
