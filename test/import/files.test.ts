import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../lib/digest.ts";
import { importFiles } from "../../lib/import/import.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { findFile } from "../../lib/store/records.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import { decode } from "../../spec/decode.ts";
import { ImportReport } from "../../spec/store-reports.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { generatedBusybox } from "../support/generated-base.ts";
import { blobPath, layoutFiles, writeLayout } from "../support/image-layout.ts";
import { noise } from "../support/seeded.ts";
import { assertEmpty, tempStore } from "../support/store.ts";

/** A file, a gzip file, one that only looks like one, and one without a byte. */
const FILES = [noise(1, 300_000), gzipSync(noise(2, 1000)), Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), Buffer.alloc(0)];
const LOCKED = FILES.map((bytes) => ({ digest: digestOf(bytes), size: bytes.length }));

function lockOf(files: readonly { digest: string; size: number }[] = LOCKED): Buffer {
  const entry = (size: number) => ({ platforms: ["linux/arm64"], size, url: "https://example.com/a" });
  const locked = Object.fromEntries(files.map(({ digest, size }) => [digest, entry(size)]));
  return Buffer.from(JSON.stringify({ version: 1, images: {}, files: locked }));
}

function layoutWith(images: Parameters<typeof layoutFiles>[0], lock: Buffer = lockOf()): Map<string, Buffer> {
  const blobs = FILES.map((bytes) => [blobPath(digestOf(bytes)), bytes] as const);
  return new Map([...layoutFiles(images), ["aircrate.lock", lock] as const, ...blobs]);
}

async function imported(store: Store, file: string) {
  const report = decode(ImportReport, await importFiles([file], { store: store.root }));
  return report.files[0]!;
}

function write(t: TestContext, files: ReadonlyMap<string, Buffer>, name = "bases.tar"): string {
  return writeLayout(join(tempDir(t), name), files);
}

const IMAGES = [{ image: generatedBusybox(), name: "docker.io/library/busybox:1.36" }];
const SORTED = [...LOCKED].sort((a, b) => (a.digest < b.digest ? -1 : 1));

test("the remote files of a vendored layout come with its images: a folder, a tar file, a packed one", async (t) => {
  const packed = join(tempDir(t), "packed.tar.gz");
  writeFileSync(packed, gzipSync(readFileSync(write(t, layoutWith(IMAGES)))));
  for (const file of [write(t, layoutWith(IMAGES)), write(t, layoutWith(IMAGES), "bases/"), packed]) {
    const store = await tempStore(t);
    const first = await imported(store, file);
    assert.deepEqual(
      first.remoteFiles,
      SORTED.map((one) => ({ ...one, known: false })),
      file,
    );
    assert.equal(first.images.length, 1);
    for (const bytes of FILES) {
      assert.notEqual(await findFile(store, digestOf(bytes)), undefined);
      assert.ok(readFileSync(blobFile(store, digestOf(bytes))).equals(bytes));
    }
    assert.deepEqual(
      (await imported(store, file)).remoteFiles.map(({ known }) => known),
      [true, true, true, true],
    );
    assert.deepEqual((await verifyStore(store)).problems, []);
  }
});

test("a layout of files alone has no image, and one without our lock has no files", async (t) => {
  const store = await tempStore(t);
  const { images, remoteFiles } = await imported(store, write(t, layoutWith([])));
  assert.deepEqual([images.length, remoteFiles.length], [0, 4]);
  const other = layoutWith(IMAGES);
  other.delete("aircrate.lock");
  assert.deepEqual((await imported(await tempStore(t), write(t, other))).remoteFiles, []);
  const none = layoutWith([], lockOf([]));
  await rejectsWith(importFiles([write(t, none)], { store: store.root }), "input", /the file holds no image/);
});

describe("a layout that is wrong adds nothing", () => {
  const spoilt = Buffer.from(FILES[0]!);
  spoilt[7]! ^= 1;
  const [first, ...others] = LOCKED;
  const path = blobPath(first!.digest);
  const cases: readonly (readonly [name: string, change: (files: Map<string, Buffer>) => unknown, message: RegExp])[] =
    [
      ["absent", (files) => files.delete(path), /aircrate\.lock: sha256:.* is not in the file/],
      ["spoilt", (files) => files.set(path, spoilt), /does not have the digest that it is named by/],
      [
        "another size",
        (files) => files.set("aircrate.lock", lockOf([...others, { ...first!, size: 7 }])),
        /has 300000 bytes, and 7 are locked/,
      ],
      ["no lock", (files) => files.set("aircrate.lock", Buffer.from('{"version":1}')), /aircrate\.lock: is malformed/],
    ];
  for (const [name, change, message] of cases) {
    test(name, async (t) => {
      const store = await tempStore(t);
      const files = layoutWith(IMAGES);
      change(files);
      await rejectsWith(importFiles([write(t, files)], { store: store.root }), "integrity", message);
      assertEmpty(store);
    });
  }
});
