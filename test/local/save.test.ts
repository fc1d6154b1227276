import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { findImages } from "../../lib/local/images.ts";
import { saveImages } from "../../lib/local/save.ts";
import { parsePlatform } from "../../lib/platform.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { filledStore } from "../store/filled.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { localImages } from "./images.ts";

const BASE = "FROM scratch\nCOPY one /\n";

async function saved(t: TestContext, store: Store, ...names: readonly string[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const size = await saveImages(store, names, {
    async output(bytes) {
      chunks.push(Buffer.from(bytes));
    },
  });
  const bytes = Buffer.concat(chunks);
  assert.equal(bytes.length, size);
  const output = join(tempDir(t), "saved.tar");
  assert.equal(await saveImages(store, names, { output }), size);
  assert.ok(readFileSync(output).equals(bytes), "a file gets the same bytes");
  return bytes;
}

test("several images are one archive with each blob once, the same from every store", async (t) => {
  const [here, there] = [await localImages(t), await localImages(t)];
  for (const { build } of [here, there]) {
    await build("base:1", BASE);
    await build("app:1", "FROM base:1\nCOPY two /\n");
    await build("same:1", "FROM base:1\nCOPY two /\n");
  }
  const names = ["app:1", "base:1", "same:1", "docker.io/library/app:1"];
  const bytes = await saved(t, here.store, ...names);
  assert.ok(bytes.equals(await saved(t, there.store, ...names)));
  const file = join(tempDir(t), "a.tar");
  writeFileSync(file, bytes);
  assert.deepEqual((await verifyFile(file)).problems, []);
  const { images } = await inspectFile(file);
  assert.deepEqual(
    images.map(({ tags, layers }) => [tags, layers.length]),
    [
      [["docker.io/library/app:1", "docker.io/library/same:1"], 2],
      [["docker.io/library/base:1"], 1],
    ],
  );
});

test("a pulled image is saved, too, by its tag or by its digest", async (t) => {
  const { store, one } = await filledStore(t);
  const [{ manifest }] = await findImages(store, one);
  const pinned = `${one.replace(/:1$/, "")}@${manifest.digest}`;
  for (const [name, tags] of [
    [one, [one]],
    [pinned, []],
    [pinned.replace("@", ":any@"), [one.replace(/1$/, "any")]],
  ] as const) {
    const [item] = JSON.parse(readMember(await saved(t, store, name), "manifest.json"));
    assert.deepEqual(item.RepoTags, tags);
    assert.equal(item.Layers.length, 2);
  }
});

test("the platform decides among several, linux/arm64 when none is given", async (t) => {
  const { store, build } = await localImages(t);
  await build("app:1", BASE, { platform: parsePlatform("linux/amd64") });
  const only = await saved(t, store, "app:1");
  await build("app:1", BASE);
  const arm64 = await saved(t, store, "app:1");
  assert.notDeepEqual(arm64, only);
  const output = join(tempDir(t), "amd64.tar");
  await saveImages(store, ["app:1"], { output, platform: "linux/amd64" });
  assert.ok(readFileSync(output).equals(only));
  const other = saveImages(store, ["app:1"], { output, platform: "linux/riscv64" });
  await rejectsWith(other, "unreachable", /no image for linux\/riscv64/, /linux\/arm64, linux\/amd64/);
});

test("what is not there, not whole or damaged gives no file", async (t) => {
  const { store, build } = await localImages(t);
  const output = join(tempDir(t), "out.tar");
  const save = (name: string) => saveImages(store, [name], { output });
  await rejectsWith(save("app:1"), "unreachable", /app:1: there is no such image/, /image ls/);
  const { layers } = await build("app:1", BASE);
  const { digest, size } = layers[0]!;
  const file = blobFile(store, digest);
  const bytes = readFileSync(file);
  // What is packed, and its checksum.
  for (const at of [Math.floor(size / 2), size - 5]) {
    const wrong = Buffer.from(bytes);
    wrong[at]! ^= 0x40;
    writeFileSync(file, wrong);
    await rejectsWith(save("app:1"), "integrity", /a blob in the store is damaged/, /build the image again/);
    assert.equal(existsSync(file), false, "it was set aside");
  }
  await rejectsWith(save("app:1"), "unreachable", /a part of the local image/);
  assert.equal(existsSync(output), false);
  writeFileSync(file, bytes);
  await save("app:1");
  truncateSync(file, size - 1);
  await rejectsWith(save("app:1"), "unreachable", /a part of the local image/);

  const pulled = await filledStore(t);
  rmSync(blobFile(pulled.store, pulled.shared.digest));
  const part = saveImages(pulled.store, [pulled.one], { output: join(tempDir(t), "part.tar") });
  const error = await rejectsWith(part, "unreachable", /only a part of the image/, /lacks layer/);
  assert.doesNotMatch(error.message, /--offline/);
});

/** The text of a member of a tar file, whose name stands once in it. */
function readMember(tar: Buffer, name: string): string {
  for (let at = 0; at < tar.length; ) {
    const header = tar.subarray(at, at + 512);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    if (header.toString("latin1", 0, name.length + 1) === `${name}\0`)
      return tar.toString("utf8", at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return assert.fail(`there is no ${name}`);
}
