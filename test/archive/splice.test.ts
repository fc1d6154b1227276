import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { archiveParts, composeArchive } from "../../lib/archive/compose.ts";
import { piecesSize } from "../../lib/archive/pieces.ts";
import { plainArchive, spliceArchive } from "../../lib/archive/splice.ts";
import { digestOf, hex } from "../../lib/digest.ts";
import { blobFile } from "../../lib/store/layout.ts";
import { tempDir } from "../support/cleanup.ts";
import { listTar } from "../support/gnu-tar.ts";
import { runOk } from "../support/run.ts";
import { bytesOf, storedImages } from "../support/stored-images.ts";
import { requireTool } from "../support/tools.ts";

test("the members unpack to the archive with plain layers, whoever unpacks them", async (t) => {
  const { store, images } = await storedImages(t);
  const archive = composeArchive(images, "docker-archive", "plain");
  const plain = Buffer.concat(
    archiveParts(archive).map((part) => {
      return "bytes" in part ? part.bytes : gunzipSync(readFileSync(blobFile(store, part.layer.digest)));
    }),
  );
  const pieces = spliceArchive(archive);
  const spliced = await bytesOf(store, pieces);
  assert.equal(spliced.length, piecesSize(pieces));
  assert.equal(Buffer.compare(gunzipSync(spliced), plain), 0);
  const dir = tempDir(t);
  writeFileSync(join(dir, "app.image"), spliced);
  writeFileSync(join(dir, "plain.tar"), plain);
  if (!requireTool(t, "gzip", "pigz", "tar")) return;
  for (const unpack of ["zcat", "gzip -dc", "pigz -dc"]) {
    await runOk("sh", ["-c", `${unpack} < app.image | cmp - plain.tar`], { cwd: dir });
  }
  const members = await listTar(join(dir, "plain.tar"));
  assert.deepEqual(await listTar(join(dir, "app.image")), members, "tar finds out by itself");
  for (const { path, size } of members.filter(({ size }) => size > 50_000)) {
    const content = await runOk("sh", ["-c", `tar -xOf plain.tar ${path} | sha256sum`], { cwd: dir });
    assert.equal(content.slice(0, 64), path.slice(-64));
    assert.ok(size % 512 === 0);
  }
});

test("the layers go in byte for byte, each once, and little is added", async (t) => {
  const { store, images } = await storedImages(t);
  const archive = composeArchive(images, "docker-archive", "plain");
  const spliced = await bytesOf(store, spliceArchive(archive));
  const layers = new Map(images.flatMap((image) => image.layers).map((layer) => [layer.diffId, layer]));
  assert.equal(layers.size, 4);
  let size = 0;
  for (const layer of layers.values()) {
    const bytes = readFileSync(blobFile(store, layer.digest));
    const at = spliced.indexOf(bytes);
    assert.ok(at > 0, hex(layer.digest));
    assert.equal(spliced.indexOf(bytes, at + 1), -1);
    size += bytes.length;
  }
  assert.ok(spliced.length - size < 30_000);
  const again = await bytesOf(store, spliceArchive(composeArchive(images, "docker-archive", "plain")));
  assert.equal(digestOf(again), digestOf(spliced));
});

test("a plain archive takes layers as they are stored only", async (t) => {
  const { store, images } = await storedImages(t);
  assert.throws(() => plainArchive(composeArchive(images, "docker-archive", "plain")), /as they are stored/);
  const pieces = plainArchive(composeArchive(images, "docker-archive", "gzip"));
  assert.equal((await bytesOf(store, pieces)).length, piecesSize(pieces));
});
