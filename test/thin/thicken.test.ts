import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { type ArchiveImage, archiveParts, composeArchive } from "../../lib/archive/compose.ts";
import { createImageGzip, type ImageGzip } from "../../lib/archive/image-gzip.ts";
import { type Thinned, thinArchive, thinHeader, thinOut } from "../../lib/build/thin.ts";
import { type Digest, digestOf } from "../../lib/digest.ts";
import type { ArtifactHeader } from "../../lib/mender/documents.ts";
import { type ArtifactContent, digestArtifact, writeArtifact } from "../../lib/mender/write.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { thicken } from "../../lib/thin/thicken.ts";
import type { ThinRecord } from "../../spec/thin.ts";
import { tempDir } from "../support/cleanup.ts";
import { digest } from "../support/digest.ts";
import { rejectsWith } from "../support/faults.ts";
import { storedImages } from "../support/stored-images.ts";

const HEADER: ArtifactHeader = {
  type: "docker",
  name: "com.example.app:1.1",
  deviceTypes: ["skynode", "skynode-s"],
  software: "docker-app.com.example.app",
  version: "1.1",
  metaData: { "auterion-metadata": '{"a":"<b> & \u2028"}' },
};

interface Made {
  readonly store: Store;
  readonly images: readonly ArchiveImage[];
  readonly full: string;
  readonly thin: string;
  readonly thinned: Thinned;
}

/** A full artifact of two images, one of them with a second name behind the other, and one without their base. */
async function make(
  t: TestContext,
  edits: (record: ThinRecord) => ThinRecord = (record) => record,
  imageGzip: ImageGzip = "members",
): Promise<Made> {
  const { store, images: stored } = await storedImages(t);
  const [one, two] = stored as [ArchiveImage, ArchiveImage];
  const images = [one, two, { ...one, tags: ["docker.io/library/again:1"] }];
  const base: Digest[] = one.layers.slice(0, 2).map(({ diffId }) => diffId);
  const archive = composeArchive(images, "docker-archive", "plain");
  const pack = await createImageGzip(store, imageGzip, images);
  const content = (header: ArtifactHeader, written = archive): ArtifactContent => ({
    header,
    payload: [
      { name: "com.example.app.image", pieces: pack(written) },
      { name: "version", pieces: [{ bytes: Buffer.from("1.1") }] },
      { name: "settings.user.env", pieces: [{ bytes: new Uint8Array() }] },
    ],
    digest,
  });
  const dir = tempDir(t);
  const [full, thin] = [join(dir, "full.auterionos"), join(dir, "app-thin.auterionos")];
  const written = await writeArtifact(full, store, content(HEADER));
  const known = await digestArtifact(store, content(HEADER));
  assert.equal(known.size, written.size);
  assert.equal(`sha256:${known.sha256}`, digestOf(readFileSync(full)), "the digest is told without writing");
  const device = { states: [{ name: "version 1.0", images: [base] }], since: ["1.0"] };
  const made = thinOut(images, device, { full: known, imageGzip });
  const thinned = { ...made, record: edits(made.record) };
  await writeArtifact(thin, store, content(thinHeader(HEADER, thinned), thinArchive(archive, thinned)));
  return { store, images, full, thin, thinned };
}

/** The archive of images as Docker would save it: one gzip stream, in which packed layers cannot be told apart. */
function repacked({ store, images }: Made): Buffer {
  const parts = archiveParts(composeArchive(images, "docker-archive", "gzip"));
  const bytes = parts.map((part) => ("bytes" in part ? part.bytes : readFileSync(blobFile(store, part.layer.digest))));
  return Buffer.concat(bytes);
}

function optionsOf(t: TestContext, ...others: string[]) {
  const dir = tempDir(t);
  return { store: join(dir, "store"), with: others, output: join(dir, "out.auterionos") };
}

test("the full artifact comes back byte for byte, in a store that had nothing of it", async (t) => {
  const { full, thin, thinned } = await make(t);
  assert.ok(readFileSync(thin).length < readFileSync(full).length / 2);
  const options = optionsOf(t, full);
  const report = await thicken(thin, options);
  assert.ok(readFileSync(options.output).equals(readFileSync(full)));
  assert.equal(`sha256:${report.sha256}`, digestOf(readFileSync(full)));
  const leftOut = thinned.record.layers.filter(({ from }) => from !== undefined);
  assert.deepEqual(
    report.added,
    leftOut.map(({ diffId, digest, size }) => ({ diffId, digest, size })),
  );
  assert.equal(report.added.length, 2);
});

test("by default it has the name without -thin; the store is a source, too", async (t) => {
  const { full, thin, store } = await make(t);
  const { file } = await thicken(thin, { store: store.root, with: [] });
  assert.equal(file, thin.replace("-thin", ""));
  assert.ok(readFileSync(file).equals(readFileSync(full)));
});

test("of an archive that is one gzip member, too", async (t) => {
  const { full, thin, store } = await make(t, undefined, "single");
  const { file } = await thicken(thin, { store: store.root, with: [] });
  assert.ok(readFileSync(file).equals(readFileSync(full)));
});

test("layers come out of archives with gzip'd layers, plain or packed as a whole", async (t) => {
  const made = await make(t);
  for (const pack of [(bytes: Buffer) => bytes, gzipSync]) {
    const archive = join(tempDir(t), "archive.tar");
    writeFileSync(archive, pack(repacked(made)));
    const options = optionsOf(t, archive);
    await thicken(made.thin, options);
    assert.ok(readFileSync(options.output).equals(readFileSync(made.full)));
  }
});

test("a file that has the layers in other bytes is none that gives them back", async (t) => {
  const { thin, images, store } = await make(t);
  const archive = composeArchive(images, "docker-archive", "plain");
  const plain = archiveParts(archive).map((part) =>
    "bytes" in part ? part.bytes : gunzipSync(readFileSync(blobFile(store, part.layer.digest))),
  );
  const file = join(tempDir(t), "plain.tar");
  writeFileSync(file, Buffer.concat(plain));
  const options = optionsOf(t, file);
  const error = await rejectsWith(thicken(thin, options), "input", /layers are in none of the files/, /packed anew/);
  assert.equal(error.reason.length, 2, "the layers of the base, and not those that are in the thin file");
  assert.ok(!existsSync(options.output));
});

test("what would not be the artifact on record is not written", async (t) => {
  const other = await make(t, (record) => ({ ...record, full: { ...record.full, sha256: "0".repeat(64) } }));
  const options = optionsOf(t, other.full);
  await rejectsWith(thicken(other.thin, options), "integrity", /would not be the one that was built/);
  assert.ok(!existsSync(options.output));
  const short = await make(t, (record) => ({ ...record, layers: record.layers.slice(1) }));
  await rejectsWith(thicken(short.thin, optionsOf(t, short.full)), "integrity", /does not name the layer/);
  const none = await make(t);
  await rejectsWith(thicken(none.full, optionsOf(t)), "input", /is not thin/);
});

test("a record that names another layer's bytes is not believed", async (t) => {
  const made = await make(t, (record) => ({
    ...record,
    layers: record.layers.map((layer, i) => (i === 0 ? { ...layer, digest: record.layers[1]!.digest } : layer)),
  }));
  await rejectsWith(thicken(made.thin, optionsOf(t, made.full)), "integrity");
});
