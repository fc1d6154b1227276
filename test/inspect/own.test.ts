import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { crc32, gzipSync } from "node:zlib";
import { composeArchive } from "../../lib/archive/compose.ts";
import { spliceArchive } from "../../lib/archive/splice.ts";
import { digestOf } from "../../lib/digest.ts";
import { writeArtifact } from "../../lib/mender/write.ts";
import { openStore, writeBlob } from "../../lib/store/layout.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { tempDir } from "../support/cleanup.ts";
import { digest } from "../support/digest.ts";
import { json, sampleImages, TAGS } from "../verify/sample-archive.ts";

const MANIFEST = `app-author: com.example
app-name: gallery
app-version: 1.0.0
auterion-api-version: 3
auterion-app-base: none
services:
  camera: {build: ./camera}
  web: {build: ./web}
target-platform: [skynode]
`;

test("what this project writes is proved, and each layer has the size of the blob that was spliced in", async (t) => {
  const { file, layers, manifestDigests, size } = await writePackage(t);
  const { problems, warnings, checked, inspection } = await verifyFile(file);
  assert.deepEqual({ problems, warnings }, { problems: [], warnings: [] });
  assert.deepEqual(checked, { checksums: 7, images: 2, layers: 3 });
  assert.equal(inspection.totals.file, size);
  assert.deepEqual(
    inspection.images.map((image) =>
      image.layers.map(({ diffId, digest, size, packedSize }) => ({ diffId, digest, size, packedSize })),
    ),
    layers.map((records) =>
      records.map((record) => ({
        diffId: record.diffId,
        digest: record.diffId,
        size: record.plainSize,
        packedSize: record.size,
      })),
    ),
  );
  assert.deepEqual(
    inspection.images.map(({ manifestDigest }) => manifestDigest),
    manifestDigests,
  );
});

/** A package made of the sample's images by the library's own writers. */
async function writePackage(t: TestContext) {
  const dir = tempDir(t);
  const store = await openStore(join(dir, "store"));
  const layers: LayerRecord[][] = [];
  for (const image of sampleImages()) {
    const records: LayerRecord[] = [];
    for (const plain of image.layers) {
      // Two members, as some builders make them.
      const packed = Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))]);
      const stored = await writeBlob(store, packed);
      records.push({ version: 1, diffId: digestOf(plain), plainSize: plain.length, ...stored, crc: crc32(packed) });
    }
    layers.push(records);
  }
  const images = sampleImages().map(({ config }, i) => ({
    tags: [`docker.io/library/${TAGS[i]}`],
    configBytes: json(config),
    layers: layers[i]!,
  }));
  const archive = composeArchive(images, "docker-archive", "plain");
  const slug = "com.example.gallery";
  const manifest = { "app-author": "com.example", "app-name": "gallery", "app-version": "1.0.0" };
  const metaData = { "auterion-app-yml": { ...manifest, "target-platform": ["skynode"] } };
  const file = join(dir, "out.auterionos");
  const text = (name: string, content: string) => ({ name, pieces: [{ bytes: Buffer.from(content) }] });
  const { size } = await writeArtifact(file, store, {
    digest,
    header: {
      type: "docker",
      name: `${slug}:1.0.0`,
      deviceTypes: ["skynode"],
      software: `docker-app.${slug}`,
      version: "1.0.0",
      metaData: { "auterion-metadata": JSON.stringify(metaData) },
    },
    payload: [
      text("auterion-app.yml", MANIFEST),
      { name: `${slug}.image`, pieces: spliceArchive(archive) },
      text("version", "1.0.0"),
      text("settings.default.env", ""),
      text("settings.user.env", ""),
    ],
  });
  return { file, size, layers, manifestDigests: archive.images.map(({ manifestDigest }) => manifestDigest) };
}
