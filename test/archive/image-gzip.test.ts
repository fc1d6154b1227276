import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { crc32, gunzipSync } from "node:zlib";
import { composeArchive } from "../../lib/archive/compose.ts";
import { createImageGzip } from "../../lib/archive/image-gzip.ts";
import { piecesSize, segmentsOf, writePieces } from "../../lib/archive/pieces.ts";
import { spliceArchive } from "../../lib/archive/splice.ts";
import { hex } from "../../lib/digest.ts";
import { readGzip } from "../../lib/gzip/members.ts";
import { blobFile, recordFile } from "../../lib/store/layout.ts";
import { pruneStore } from "../../lib/store/prune.ts";
import { tempDir } from "../support/cleanup.ts";
import { digest } from "../support/digest.ts";
import { rejectsWith } from "../support/faults.ts";
import { runOk } from "../support/run.ts";
import { inChunks } from "../support/seeded.ts";
import { bytesOf, storedImages } from "../support/stored-images.ts";
import { requireTool } from "../support/tools.ts";

test("a single member unpacks to what the row of members unpacks to", async (t) => {
  const { store, images } = await storedImages(t);
  const archive = composeArchive(images, "docker-archive", "plain");
  const pieces = (await createImageGzip(store, "single", images))(archive);
  const single = await bytesOf(store, pieces);
  const plain = gunzipSync(await bytesOf(store, spliceArchive(archive)));
  assert.equal(single.length, piecesSize(pieces));
  assert.ok(gunzipSync(single).equals(plain));

  const boundaries: unknown[] = [];
  for await (const _ of readGzip(inChunks(single, 10_000), (boundary) => boundaries.push(boundary)));
  assert.equal(boundaries.length, 2, "one member: its start and its end");

  // What is told to others about the bytes is about these bytes.
  assert.equal(await writePieces(store, pieces, { write: () => undefined }), crc32(single));
  const digested = await digest(segmentsOf(store, pieces));
  assert.equal(digested.crc, crc32(single));

  if (!requireTool(t, "gzip", "pigz")) return;
  const file = join(tempDir(t), "app.image");
  writeFileSync(file, single);
  for (const tool of ["gzip", "pigz"]) await runOk(tool, ["-t", file]);
});

test("how a layer is joined is found once, and forgotten with its blob", async (t) => {
  const { store, images } = await storedImages(t);
  const archive = composeArchive(images, "docker-archive", "plain");
  const first = await bytesOf(store, (await createImageGzip(store, "single", images))(archive));
  const { digest: layer } = images[0]!.layers[0]!;
  const record = recordFile(store, "joints", `${hex(layer)}.json`);
  const known = readFileSync(record, "utf8");
  const again = await bytesOf(store, (await createImageGzip(store, "single", images))(archive));
  assert.ok(again.equals(first));
  writeFileSync(record, known.replace(/"crc":\d+/, '"crc":1'));
  const other = await bytesOf(store, (await createImageGzip(store, "single", images))(archive));
  assert.throws(() => gunzipSync(other), "the record counts, so the layer was not unpacked again");
  rmSync(record);
  assert.ok((await bytesOf(store, (await createImageGzip(store, "single", images))(archive))).equals(first));
  assert.ok(existsSync(record));

  rmSync(blobFile(store, layer));
  await pruneStore(store, {});
  assert.ok(!existsSync(record));
});

test("a layer that is damaged is found, named and set aside", async (t) => {
  const { store, images } = await storedImages(t);
  const { digest: layer } = images[0]!.layers[0]!;
  const file = blobFile(store, layer);
  writeFileSync(file, readFileSync(file).subarray(0, -20));
  const error = await rejectsWith(createImageGzip(store, "single", images), "integrity", /damaged/, /set aside/);
  assert.equal(error.where, layer);
  assert.ok(!existsSync(file));
});
