import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { constants, crc32, gzipSync } from "node:zlib";
import { digestOf, hex } from "../../lib/digest.ts";
import type { Fault } from "../../lib/error.ts";
import { ingestLayer } from "../../lib/layer/ingest.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { findLayerTree, findPulledLayer } from "../../lib/store/records.ts";
import type { Descriptor } from "../../spec/oci.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { TYPES } from "../support/image-content.ts";
import { inChunks, noise, prose } from "../support/seeded.ts";
import { assertEmpty, storeFiles, tempStore } from "../support/store.ts";
import { tarOf } from "../support/ustar.ts";

const TAR = tarOf([
  { path: "etc/" },
  { path: "etc/passwd", data: "root:x:0:0::/root:/bin/sh\n" },
  { path: "big", data: prose(1, 400_000) },
  { path: "bigger", data: noise(2, 400_000) },
]);
const WHERE = "docker.io/library/base:1";
/** Larger than what zlib and the file take at once, smaller, and tiny. */
const CHUNKS = [1_000_000, 100_000, 65_536, 4096, 333];

interface Blob {
  readonly bytes: Buffer;
  readonly mediaType?: string;
  readonly size?: number;
  readonly digest?: string;
  readonly diffId?: string;
  readonly maxPlainSize?: number;
  readonly chunkSize?: number;
}

function ingest(store: Store, blob: Blob) {
  const { bytes, chunkSize = 65_536 } = blob;
  const descriptor: Descriptor = {
    mediaType: blob.mediaType ?? TYPES.oci.layer,
    digest: blob.digest ?? digestOf(bytes),
    size: blob.size ?? bytes.length,
  };
  return ingestLayer(store, descriptor, {
    where: WHERE,
    diffId: blob.diffId ?? digestOf(TAR),
    maxPlainSize: blob.maxPlainSize ?? 1024 ** 3,
    chunks: inChunks(bytes, chunkSize),
  });
}

function members(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.map((part) => gzipSync(part)));
}

describe("a good layer is stored as it came", () => {
  const forms: readonly (readonly [name: string, bytes: Buffer])[] = [
    ["one member", gzipSync(TAR)],
    ["level 1", gzipSync(TAR, { level: 1 })],
    ["stored", gzipSync(TAR, { level: 0 })],
    ["two members", members(TAR.subarray(0, 1000), TAR.subarray(1000))],
    ["many members", members(...Array.from({ length: 50 }, (_, i) => TAR.subarray(i * 20_000, (i + 1) * 20_000)))],
    ["an empty member at the end", members(TAR, Buffer.alloc(0))],
    ["an empty member in front", members(Buffer.alloc(0), TAR)],
  ];
  for (const [name, bytes] of forms) {
    test(name, async (t) => {
      for (const chunkSize of CHUNKS) {
        const store = await tempStore(t);
        let counted = 0;
        const layer = await ingestLayer(
          store,
          { mediaType: TYPES.docker.layer, digest: digestOf(bytes), size: bytes.length },
          {
            ...{ where: WHERE, diffId: digestOf(TAR), maxPlainSize: TAR.length, chunks: inChunks(bytes, chunkSize) },
            onBytes: (size) => {
              counted += size;
            },
          },
        );
        assert.deepEqual(layer, {
          version: 1,
          diffId: digestOf(TAR),
          plainSize: TAR.length,
          digest: digestOf(bytes),
          size: bytes.length,
          crc: crc32(bytes),
        });
        assert.equal(counted, bytes.length);
        assert.equal(Buffer.compare(readFileSync(blobFile(store, layer.digest)), bytes), 0);
        assert.deepEqual(await findPulledLayer(store, layer.digest), layer);
        assert.equal((await findLayerTree(store, layer.diffId))?.files, "etc/passwd\0big\0bigger");
        assert.deepEqual(storeFiles(store), [
          `aircrate/layers/${hex(layer.digest)}.json`,
          `aircrate/trees/${hex(layer.diffId)}.json`,
          `blobs/sha256/${hex(layer.digest)}`,
        ]);
      }
    });
  }

  test("splits at every byte around the end of a member", async (t) => {
    const [first, second] = [gzipSync(TAR.subarray(0, 3000)), gzipSync(TAR.subarray(3000))];
    const bytes = Buffer.concat([first, second]);
    for (let split = first.length - 9; split <= first.length + 12; split += 1) {
      const store = await tempStore(t);
      const { plainSize } = await ingestLayer(
        store,
        { mediaType: TYPES.oci.layer, digest: digestOf(bytes), size: bytes.length },
        { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1e9, chunks: inChunks(bytes, split, bytes.length) },
      );
      assert.equal(plainSize, TAR.length);
    }
  });
});

const GZ = gzipSync(TAR);

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ 0xff;
  return copy;
}

const NO_TAR = prose(3, 100_000);
const CLIMBING = tarOf([{ path: "a" }, { path: "../b" }]);
const HALF = TAR.subarray(0, 5000);
const BOMB = tarOf([{ path: "zeros", data: Buffer.alloc(20_000_000) }]);

describe("a wrong layer leaves no blob, no record and no temporary file", () => {
  const table: readonly (readonly [name: string, blob: Blob, fault: Fault, ...patterns: RegExp[]])[] = [
    ["more bytes than announced", { bytes: GZ, size: GZ.length - 1 }, "integrity", /announced size/, /more than/],
    ["fewer bytes than announced", { bytes: GZ, size: GZ.length + 1 }, "integrity", /announced size/],
    ["nothing at all", { bytes: Buffer.alloc(0), size: 5 }, "integrity", /announced size/],
    ["another digest", { bytes: GZ, digest: digestOf("other") }, "integrity", /digest that names it/, /wanted sha256/],
    ["another diffID", { bytes: GZ, diffId: digestOf("other") }, "integrity", /diffID/, /should give sha256/],
    ["cut in the deflate stream", { bytes: GZ.subarray(0, -300_000) }, "integrity", /damaged/, /unexpected end/],
    ["cut in the trailer", { bytes: GZ.subarray(0, -1) }, "integrity", /damaged/, /unexpected end/],
    ["cut in the header", { bytes: GZ.subarray(0, 5) }, "integrity", /damaged/, /unexpected end/],
    ["empty, as announced", { bytes: Buffer.alloc(0) }, "integrity", /damaged|diffID/],
    ["a bit flipped at the beginning", { bytes: flipped(GZ, 30) }, "integrity", /damaged|diffID/],
    ["a bit flipped in the middle", { bytes: flipped(GZ, GZ.length >> 1) }, "integrity", /damaged|diffID/],
    ["a wrong CRC", { bytes: flipped(GZ, GZ.length - 8) }, "integrity", /damaged/, /incorrect data check/],
    ["a wrong length", { bytes: flipped(GZ, GZ.length - 1) }, "integrity", /damaged/, /incorrect length check/],
    ["no gzip", { bytes: TAR }, "integrity", /damaged/, /incorrect header check/],
    ["garbage behind it", { bytes: Buffer.concat([GZ, Buffer.from("garbage")]) }, "integrity", /damaged/],
    ["much garbage behind it", { bytes: Buffer.concat([GZ, noise(5, 300_000)]) }, "integrity", /damaged/],
    ["a zero behind it", { bytes: Buffer.concat([GZ, Buffer.alloc(1)]) }, "integrity", /damaged/, /follow its end/],
    ["zeros behind it", { bytes: Buffer.concat([GZ, Buffer.alloc(300_000)]) }, "integrity", /damaged/, /follow/],
    ["zeros, then a member", { bytes: Buffer.concat([GZ, Buffer.alloc(9), GZ]) }, "integrity", /damaged/],
    ["half a second member", { bytes: Buffer.concat([GZ, GZ.subarray(0, 20)]) }, "integrity", /damaged/],
    ["no tar", { bytes: gzipSync(NO_TAR), diffId: digestOf(NO_TAR) }, "integrity", /damaged/, /checksum|bad header/],
    ["half a tar", { bytes: gzipSync(HALF), diffId: digestOf(HALF) }, "integrity", /damaged/, /in the middle/],
    ["an empty tar", { bytes: gzipSync(""), diffId: digestOf("") }, "integrity", /damaged/, /empty/],
    ["a path that climbs", { bytes: gzipSync(CLIMBING), diffId: digestOf(CLIMBING) }, "integrity", /leaves the layer/],
    [
      "a bomb",
      { bytes: gzipSync(BOMB), diffId: digestOf(BOMB), maxPlainSize: 1_000_000 },
      "integrity",
      /more than is allowed/,
    ],
    ["one byte too many", { bytes: GZ, maxPlainSize: TAR.length - 1 }, "integrity", /more than is allowed/],
  ];
  for (const [name, blob, fault, ...patterns] of table) {
    test(name, async (t) => {
      for (const chunkSize of CHUNKS) {
        if (blob.bytes.length / chunkSize > 2500) continue;
        const store = await tempStore(t);
        const error = await rejectsWith(ingest(store, { ...blob, chunkSize }), fault, ...patterns);
        assert.equal(error.where, WHERE, `chunks of ${chunkSize}`);
        assertEmpty(store, `chunks of ${chunkSize}`);
      }
    });
  }

  test("a bomb is stopped early", async (t) => {
    const store = await tempStore(t);
    const bytes = gzipSync(BOMB, { strategy: constants.Z_HUFFMAN_ONLY });
    let read = 0;
    async function* chunks() {
      for await (const chunk of inChunks(bytes, 4096)) {
        read += chunk.length;
        yield chunk;
      }
    }
    const descriptor = { mediaType: TYPES.oci.layer, digest: digestOf(bytes), size: bytes.length };
    const options = { where: WHERE, diffId: digestOf(BOMB), maxPlainSize: 1_000_000, chunks: chunks() };
    await rejectsWith(ingestLayer(store, descriptor, options), "integrity");
    assert.ok(read < bytes.length / 2, `${read} of ${bytes.length}`);
  });

  test("a source that breaks off passes its own error on", async (t) => {
    const store = await tempStore(t);
    const fault = new Error("the connection was cut");
    async function* chunks() {
      yield GZ.subarray(0, 200_000);
      throw fault;
    }
    const descriptor = { mediaType: TYPES.oci.layer, digest: digestOf(GZ), size: GZ.length };
    const options = { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1e9, chunks: chunks() };
    assert.equal(await failure(ingestLayer(store, descriptor, options)), fault);
    assertEmpty(store);
  });
});

async function refused(t: TestContext, mediaType: string, ...patterns: readonly RegExp[]): Promise<void> {
  const store = await tempStore(t);
  const chunks: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => assert.fail("it was read") };
  const descriptor = { mediaType, digest: digestOf(GZ), size: GZ.length };
  const options = { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1e9, chunks };
  const error = await rejectsWith(ingestLayer(store, descriptor, options), "input", ...patterns);
  assert.equal(error.where, WHERE);
  assert.ok(error.hint.length > 0);
  assertEmpty(store);
}

test("encodings that are not supported are refused before a byte is read, with what to do", async (t) => {
  const zstd = [/not packed with gzip/, /zstd/, /skopeo copy --dest-compress-format gzip/];
  await refused(t, "application/vnd.oci.image.layer.v1.tar+zstd", ...zstd);
  await refused(t, "application/vnd.docker.image.rootfs.diff.tar.zstd", ...zstd);
  await refused(t, "application/vnd.oci.image.layer.v1.tar", /not packed with gzip/, /skopeo/);
  await refused(t, "application/vnd.in-toto+json", /not packed with gzip/);
  await refused(t, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", /may not be handed on/, /foreign/);
  await refused(t, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", /may not be handed on/);
  await refused(t, "x".repeat(10_000), /not packed with gzip/);
});
