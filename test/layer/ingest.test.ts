import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { after, before, describe, type TestContext, test } from "node:test";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { digestOf, hex } from "../../lib/digest.ts";
import type { Fault } from "../../lib/error.ts";
import { nativeGivesPakoBytes, PACKING } from "../../lib/gzip/deflate.ts";
import { buildLayer } from "../../lib/layer/build.ts";
import { ingestFile } from "../../lib/layer/ingest.ts";
import { blobFile, type Store, writeBlob } from "../../lib/store/layout.ts";
import { findLayerTree, findPulledLayer } from "../../lib/store/records.ts";
import { createWorkPool, type WorkPool } from "../../lib/workers/pool.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { rejectsWith } from "../support/faults.ts";
import { TYPES } from "../support/image-content.ts";
import { tarToBuild } from "../support/layers-to-build.ts";
import { poolFor } from "../support/pool.ts";
import { noise, prose } from "../support/seeded.ts";
import { assertEmpty, storeFiles, tempStore, writeBlobFile } from "../support/store.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";
import { zstdTool } from "../support/zstd.ts";

const TAR = tarOf([
  { path: "etc/" },
  { path: "etc/passwd", data: "root:x:0:0::/root:/bin/sh\n" },
  { path: "big", data: prose(1, 400_000) },
  { path: "bigger", data: noise(2, 400_000) },
]);
const WHERE = "docker.io/library/base:1";

interface Blob {
  readonly bytes: Buffer;
  readonly mediaType?: string;
  readonly size?: number;
  readonly digest?: string;
  readonly diffId?: string;
  readonly maxPlainSize?: number;
}

async function ingest(store: Store, blob: Blob, by: WorkPool = pool): Promise<LayerRecord> {
  const { bytes, mediaType = TYPES.oci.layer, digest = digestOf(bytes), size = bytes.length } = blob;
  return ingestFile(
    store,
    by,
    { mediaType, digest, size },
    {
      where: WHERE,
      diffId: blob.diffId ?? digestOf(TAR),
      maxPlainSize: blob.maxPlainSize ?? 1024 ** 3,
      file: writeBlobFile(store, bytes),
    },
  );
}

function members(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.map((part) => gzipSync(part)));
}

/** The last member of an estargz layer (stargz-snapshotter, "estargz.md", "Footer"): empty, with an extra field. */
const STARGZ_FOOTER = Buffer.from(
  "1f8b08040000000000ff1a00534716003030303030303030303030316532343053544152475a010000ffff0000000000000000",
  "hex",
);

/** A header and the content behind it each, as estargz cuts a tar file, but simpler. */
function blocks(bytes: Buffer): Buffer[] {
  const cuts = [512, 1024, 1536, 200_000, 401_000, bytes.length];
  return cuts.map((cut, i) => bytes.subarray(cuts[i - 1] ?? 0, cut));
}

let pool: WorkPool;
before(() => {
  pool = createWorkPool({ threads: 2 });
});
after(() => pool.close());

describe("a gzip layer is stored as it came", () => {
  const forms: readonly (readonly [name: string, bytes: Buffer])[] = [
    ["one member", gzipSync(TAR)],
    ["level 1", gzipSync(TAR, { level: 1 })],
    ["stored", gzipSync(TAR, { level: 0 })],
    ["two members", members(TAR.subarray(0, 1000), TAR.subarray(1000))],
    ["many members", members(...Array.from({ length: 50 }, (_, i) => TAR.subarray(i * 20_000, (i + 1) * 20_000)))],
    ["estargz", Buffer.concat([members(...blocks(TAR)), STARGZ_FOOTER])],
    ["an empty member at the end", members(TAR, Buffer.alloc(0))],
    ["an empty member in front", members(Buffer.alloc(0), TAR)],
  ];
  for (const [name, bytes] of forms) {
    test(name, async (t) => {
      const store = await tempStore(t);
      const layer = await ingest(store, { bytes, mediaType: TYPES.docker.layer, maxPlainSize: TAR.length });
      assert.deepEqual(layer, {
        version: 1,
        diffId: digestOf(TAR),
        plainSize: TAR.length,
        digest: digestOf(bytes),
        size: bytes.length,
        crc: crc32(bytes),
      });
      assert.equal(Buffer.compare(readFileSync(blobFile(store, layer.digest)), bytes), 0);
      assert.deepEqual(await findPulledLayer(store, layer.digest), layer);
      assert.equal((await findLayerTree(store, layer.diffId))?.files, "etc/passwd\0big\0bigger");
      assert.deepEqual(storeFiles(store), [
        `aircrate/layers/${hex(layer.digest)}.json`,
        `aircrate/trees/${hex(layer.diffId)}.json`,
        `blobs/sha256/${hex(layer.digest)}`,
      ]);
    });
  }

  test("a blob that is in its place stays there", async (t) => {
    const store = await tempStore(t);
    const bytes = gzipSync(TAR);
    const { digest, size } = await writeBlob(store, bytes);
    const file = blobFile(store, digest);
    const options = { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1e9, file };
    const layer = await ingestFile(store, pool, { mediaType: TYPES.oci.layer, digest, size }, options);
    assert.deepEqual(await findPulledLayer(store, digest), layer);
    assert.equal(Buffer.compare(readFileSync(file), bytes), 0);
  });
});

const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
const DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

describe("a layer in another encoding is kept, and packed by our rule beside it", () => {
  const zstd = zstdTool("--no-check");
  const forms: readonly (readonly [name: string, bytes: () => Buffer | undefined, ...mediaTypes: string[]])[] = [
    ["plain", () => TAR, OCI_LAYER, DOCKER_LAYER, TYPES.oci.layer, `${OCI_LAYER}+zstd`],
    ["zstd", () => zstd(TAR), `${OCI_LAYER}+zstd`, `${DOCKER_LAYER}.zstd`, TYPES.docker.layer, OCI_LAYER],
  ];
  for (const [name, encode, ...mediaTypes] of forms) {
    for (const mediaType of mediaTypes) {
      test(`${name} as ${mediaType}`, async (t) => {
        if (name === "zstd" && !requireTool(t, "zstd")) return;
        const bytes = encode()!;
        const store = await tempStore(t);
        const layer = await ingest(store, { bytes, mediaType });
        const { source: _, ...expected } = await buildLayer(await tempStore(t), pool, tarToBuild(TAR));
        assert.deepEqual(layer, expected);
        assert.deepEqual(await findPulledLayer(store, digestOf(bytes)), layer);
        assert.equal(Buffer.compare(gunzipSync(readFileSync(blobFile(store, layer.digest))), TAR), 0);
        assert.deepEqual(
          storeFiles(store),
          [
            `aircrate/layers/${hex(digestOf(bytes))}.json`,
            `aircrate/packed-${PACKING.name}/${hex(layer.diffId)}.json`,
            `aircrate/sizes-${PACKING.name}/${layer.plainSize}.json`,
            `aircrate/trees/${hex(layer.diffId)}.json`,
            `blobs/sha256/${hex(layer.digest)}`,
            `blobs/sha256/${hex(digestOf(bytes))}`,
          ].sort(),
        );
      });
    }
  }

  test("with zlib and with pako the bytes are the same", async (t) => {
    if (!requireTool(t, "zstd")) return;
    const digests = new Set<string>();
    for (const native of nativeGivesPakoBytes() ? [true, false] : [false]) {
      const own = poolFor(t, { threads: 1, native });
      for (const bytes of [TAR, zstd(TAR)]) {
        digests.add((await ingest(await tempStore(t), { bytes }, own)).digest);
      }
    }
    assert.equal(digests.size, 1);
  });

  test("what was packed before is not packed again", async (t) => {
    const store = await tempStore(t);
    const { digest } = await buildLayer(store, pool, tarToBuild(TAR));
    // Were it packed again, it would be whole again.
    writeFileSync(blobFile(store, digest), Buffer.alloc(statSync(blobFile(store, digest)).size));
    const layer = await ingest(store, { bytes: TAR, mediaType: OCI_LAYER });
    assert.equal(layer.digest, digest);
    assert.equal(readFileSync(blobFile(store, digest))[0], 0);
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
    [
      "more bytes than announced",
      { bytes: GZ, size: GZ.length - 1 },
      "integrity",
      /announced size/,
      /announced \d+ bytes, received \d+/,
    ],
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
    ["a wrong header", { bytes: Buffer.concat([GZ, flipped(GZ, 2)]) }, "integrity", /damaged/, /unknown compression/],
    ["half a zstd frame", { bytes: Buffer.from("28b52ffd00", "hex") }, "integrity", /damaged/, /unexpected end/],
    [
      "a plain layer that is too large",
      { bytes: TAR, maxPlainSize: TAR.length - 1 },
      "integrity",
      /more than is allowed/,
    ],
    ["xz", { bytes: Buffer.from("fd377a585a0000", "hex") }, "input", /packed in a way/, /with xz/, /skopeo copy/],
    ["bzip2", { bytes: Buffer.from("BZh91AY&SY...") }, "input", /packed in a way/, /with bzip2/, /skopeo copy/],
    ["garbage behind it", { bytes: Buffer.concat([GZ, Buffer.from("garbage")]) }, "integrity", /damaged/],
    ["much garbage behind it", { bytes: Buffer.concat([GZ, noise(5, 300_000)]) }, "integrity", /damaged/],
    ["a zero behind it", { bytes: Buffer.concat([GZ, Buffer.alloc(1)]) }, "integrity", /damaged/, /follow its end/],
    ["zeros behind it", { bytes: Buffer.concat([GZ, Buffer.alloc(300_000)]) }, "integrity", /damaged/, /follow/],
    ["zeros, then a member", { bytes: Buffer.concat([GZ, Buffer.alloc(9), GZ]) }, "integrity", /damaged/],
    ["half a second member", { bytes: Buffer.concat([GZ, GZ.subarray(0, 20)]) }, "integrity", /damaged/],
    ["no tar", { bytes: gzipSync(NO_TAR), diffId: digestOf(NO_TAR) }, "integrity", /damaged/, /checksum|bad header/],
    ["half a tar", { bytes: gzipSync(HALF), diffId: digestOf(HALF) }, "integrity", /damaged/, /in the middle/],
    ["no tar, plain", { bytes: NO_TAR, diffId: digestOf(NO_TAR) }, "integrity", /damaged/, /checksum|bad header/],
    ["an empty tar", { bytes: gzipSync(""), diffId: digestOf("") }, "integrity", /damaged/, /empty/],
    ["a path that climbs", { bytes: gzipSync(CLIMBING), diffId: digestOf(CLIMBING) }, "integrity", /leaves the layer/],
    [
      "a bomb",
      { bytes: gzipSync(BOMB), diffId: digestOf(BOMB), maxPlainSize: 1_000_000 },
      "integrity",
      /more than is allowed/,
      /--max-layer-size/,
    ],
    ["one byte too many", { bytes: GZ, maxPlainSize: TAR.length - 1 }, "integrity", /more than is allowed/],
  ];
  for (const [name, blob, fault, ...patterns] of table) {
    test(name, async (t) => {
      const store = await tempStore(t);
      const error = await rejectsWith(ingest(store, blob), fault, ...patterns);
      assert.equal(error.where, WHERE);
      // The file is the caller's.
      const left = storeFiles(store);
      assert.equal(left.length, 1);
      assert.match(left[0]!, /^aircrate\/tmp\//);
    });
  }
});

test("a file that is not there", async (t) => {
  const store = await tempStore(t);
  const descriptor = { mediaType: TYPES.oci.layer, digest: digestOf(GZ), size: GZ.length };
  const options = { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1e9, file: blobFile(store, digestOf(GZ)) };
  await rejectsWith(ingestFile(store, pool, descriptor, options), "unreachable", /cannot be read/, /ENOENT/);
});

async function refused(t: TestContext, mediaType: string, ...patterns: readonly RegExp[]): Promise<void> {
  const store = await tempStore(t);
  const descriptor = { mediaType, digest: digestOf(GZ), size: GZ.length };
  const options = { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1e9, file: "it was read" };
  const error = await rejectsWith(ingestFile(store, pool, descriptor, options), "input", ...patterns);
  assert.equal(error.where, WHERE);
  assert.ok(error.hint.length > 0);
  assertEmpty(store);
}

test("what is no layer to be had is refused before a byte is read, with what to do", async (t) => {
  await refused(t, "application/vnd.in-toto+json", /type that is not known/, /in-toto/);
  await refused(t, "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", /type that is not known/);
  await refused(t, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", /may not be handed on/, /foreign/);
  await refused(t, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", /may not be handed on/);
  await refused(t, "x".repeat(10_000), /type that is not known/);
});

test("a blob that is larger than a layer may be is refused before a byte is read", async (t) => {
  const store = await tempStore(t);
  const descriptor = { mediaType: TYPES.oci.layer, digest: digestOf(GZ), size: 2001 };
  const options = { where: WHERE, diffId: digestOf(TAR), maxPlainSize: 1000, file: "it was read" };
  await rejectsWith(ingestFile(store, pool, descriptor, options), "integrity", /2001 bytes packed/, /--max-layer-size/);
});

test("two that ingest the same at once", async (t) => {
  const store = await tempStore(t);
  const [one, two] = await Promise.all([ingest(store, { bytes: TAR }), ingest(store, { bytes: TAR })]);
  assert.deepEqual(one, two);
  rmSync(blobFile(store, one.digest));
  assert.equal(await findPulledLayer(store, digestOf(TAR)), undefined, "a record without its blob");
});
