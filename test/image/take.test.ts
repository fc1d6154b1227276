import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { createTake } from "../../lib/image/take.ts";
import { buildLayer } from "../../lib/layer/build.ts";
import { blobFile } from "../../lib/store/layout.ts";
import { createScratch } from "../../lib/store/scratch.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { tarToBuild } from "../support/layers-to-build.ts";
import { poolFor } from "../support/pool.ts";
import { runOk } from "../support/run.ts";
import { storeFiles, tempStore } from "../support/store.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

async function storedLayer(t: TestContext, tar: Uint8Array) {
  const store = await tempStore(t);
  const pool = poolFor(t);
  const scratch = createScratch(store);
  const layer: LayerRecord = await buildLayer(store, pool, tarToBuild(tar));
  return { store, layer, scratch, take: createTake(store, pool, scratch, () => {}) };
}

test("files are taken, and what is not wanted stays packed", async (t) => {
  const { layer, take } = await storedLayer(
    t,
    tarOf([
      { path: "a", data: "one" },
      { path: "b", data: "three" },
    ]),
  );
  const nodes = await take(layer, ["b"]);
  assert.deepEqual([...nodes.keys()], ["b"]);
  const { content } = nodes.get("b") as { content: { file: string; offset: number; size: number } };
  assert.equal(readFileSync(content.file, "utf8"), "three");
});

test("a blob that is right is not set aside for what cannot be taken out of it", async (t) => {
  if (!requireTool(t, "tar")) return;
  const dir = tempDir(t);
  writeFileSync(join(dir, "start"), "start");
  truncateSync(join(dir, "start"), 1024 * 1024);
  const file = join(dir, "sparse.tar");
  await runOk("tar", ["--sparse", "--format=gnu", "-cf", file, "-C", dir, "start"]);
  for (const [tar, path, reason] of [
    [readFileSync(file), "start", /sparse/],
    [tarOf([{ path: "folder" }, { path: "folder/" }]), "folder", /folder is not in it as a file/],
  ] as const) {
    const { store, layer, take, scratch } = await storedLayer(t, tar);
    const files = storeFiles(store);
    const error = await rejectsWith(take(layer, [path]), "input", /cannot be taken out of a layer/);
    assert.match(error.reason.join("\n"), reason);
    await scratch.clean();
    assert.deepEqual(storeFiles(store), files);
  }
});

test("a blob that is damaged is set aside, and one that is gone is named", async (t) => {
  const { store, layer, take } = await storedLayer(t, tarOf([{ path: "a", data: "text" }]));
  const file = blobFile(store, layer.digest);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 0xff;
  writeFileSync(file, bytes);
  await rejectsWith(take(layer, ["a"]), "integrity", /a blob in the store is damaged/);
  assert.ok(!storeFiles(store).includes(`blobs/sha256/${layer.digest.slice(7)}`));
  rmSync(file, { force: true });
  const error = await rejectsWith(take(layer, ["a"]), "unreachable", /cannot be read/);
  assert.equal(error.where, layer.digest);
});
