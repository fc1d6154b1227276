import assert from "node:assert/strict";
import { appendFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { pieceSize, piecesSize, type StoredBlob, writePieces } from "../../lib/archive/pieces.ts";
import { hex } from "../../lib/digest.ts";
import { blobFile, type Store, writeBlob } from "../../lib/store/layout.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { noise } from "../support/seeded.ts";
import { storeFiles, tempStore } from "../support/store.ts";
import { bytesOf } from "../support/stored-images.ts";

async function blobIn(store: Store, bytes: Buffer): Promise<StoredBlob> {
  return { ...(await writeBlob(store, bytes)), crc: crc32(bytes) };
}

const write = () => undefined;

test("pieces come in order, with the CRC of all of them", async (t) => {
  const store = await tempStore(t);
  const parts = [0, 1, 100_000, 512 * 1024, 512 * 1024 + 1, 3_000_000].map((size) => noise(size, size));
  const pieces = [];
  for (const bytes of parts) pieces.push({ bytes }, { blob: await blobIn(store, bytes) });
  const expected = Buffer.concat(parts.flatMap((bytes) => [bytes, bytes]));
  assert.equal(piecesSize(pieces), expected.length);
  assert.deepEqual(pieces.slice(4, 6).map(pieceSize), [100_000, 100_000]);
  assert.equal(Buffer.compare(await bytesOf(store, pieces), expected), 0);
  assert.equal(await writePieces(store, pieces, { write }), crc32(expected));
  assert.equal(await writePieces(store, [], { write }), 0);
});

test("a writer that takes its time gets bytes that stay as they are", async (t) => {
  const store = await tempStore(t);
  const bytes = noise(1, 2_500_000);
  const parts: Buffer[] = [];
  await writePieces(store, [{ blob: await blobIn(store, bytes) }], {
    async write(part) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      parts.push(Buffer.from(part));
    },
  });
  assert.equal(Buffer.compare(Buffer.concat(parts), bytes), 0);
});

async function damaged(t: TestContext, damage: (file: string, bytes: Buffer) => void) {
  const store = await tempStore(t);
  const bytes = noise(1, 800_000);
  const blob = await blobIn(store, bytes);
  damage(blobFile(store, blob.digest), bytes);
  return { error: writePieces(store, [{ bytes: Buffer.from("x") }, { blob }], { write }), blob, store };
}

test("a blob that is not what it was is found, named and put into quarantine", async (t) => {
  for (const damage of [
    (file: string) => appendFileSync(file, "x"),
    (file: string) => truncateSync(file, 799_999),
    (file: string) => truncateSync(file, 0),
    (file: string, bytes: Buffer) => writeFileSync(file, Buffer.from(bytes).fill(7, 700_000, 700_001)),
  ]) {
    const { error, blob, store } = await damaged(t, damage);
    const { where } = await rejectsWith(
      error,
      "integrity",
      /a blob in the store is damaged/,
      /set aside/,
      /build again/,
    );
    assert.equal(where, blob.digest);
    assert.deepEqual(storeFiles(store), [`aircrate/quarantine/${hex(blob.digest)}`]);
  }
});

test("a damaged blob that cannot be moved is named with its file", async (t) => {
  const { error, blob, store } = await damaged(t, (file) => {
    appendFileSync(file, "x");
    writeFileSync(join(file, "../../../aircrate/quarantine"), "in the way");
  });
  const { hint } = await rejectsWith(error, "integrity", /a blob in the store is damaged/);
  assert.ok(hint.join().includes(blobFile(store, blob.digest)));
});

test("a blob that is gone", async (t) => {
  const { error } = await damaged(t, (file) => rmSync(file));
  await rejectsWith(error, "unreachable", /vanished from the store/, /build again/);
});

test("an abort, and a writer that fails, end it", async (t) => {
  const store = await tempStore(t);
  const pieces = [{ blob: await blobIn(store, noise(1, 3_000_000)) }];
  const stop = new AbortController();
  let seen = 0;
  const aborted = writePieces(store, pieces, {
    write(bytes) {
      seen += bytes.length;
      stop.abort();
      return undefined;
    },
    signal: stop.signal,
  });
  assert.equal(((await failure(aborted)) as Error).name, "AbortError");
  assert.ok(seen < 3_000_000);
  const fault = new Error("the disk is full");
  assert.equal(await failure(writePieces(store, pieces, { write: () => Promise.reject(fault) })), fault);
});
