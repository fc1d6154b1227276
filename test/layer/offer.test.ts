import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import { digestOf } from "../../lib/digest.ts";
import { PACKING, WINDOW } from "../../lib/gzip/deflate.ts";
import { GZIP_HEADER, GZIP_TRAILER_SIZE } from "../../lib/gzip/format.ts";
import { buildLayer } from "../../lib/layer/build.ts";
import type { LayerCache, LayerOffer, WantedLayer } from "../../lib/layer/offer.ts";
import { blobFile } from "../../lib/store/layout.ts";
import { findPackedBlocks } from "../../lib/store/records.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { tempDir } from "../support/cleanup.ts";
import { bytesToBuild } from "../support/layers-to-build.ts";
import { noise, prose } from "../support/seeded.ts";
import { storeFiles, tempStore } from "../support/store.ts";

const PLACE = "Dockerfile:2 COPY . /app";
const PLAIN = Buffer.concat([prose(1, 800_000), noise(2, 300_000), Buffer.alloc(700_000)]);
const LAYER = { ...bytesToBuild(PLAIN), place: PLACE };

const pool = createWorkPool({ threads: 1 });
after(() => pool.close());

/** The layer as another machine packs it. */
async function packedElsewhere(t: TestContext) {
  const store = await tempStore(t);
  const { source: _, ...layer } = await buildLayer(store, pool, LAYER);
  const record = await findPackedBlocks(store, PACKING.name, PLACE);
  const blockSizes = record!.blocks.map(([, , size]) => size);
  return { layer, record: record!, bytes: readFileSync(blobFile(store, layer.digest)), blockSizes };
}

/** A cache that has one layer, and notes what it is asked for and whether what it gave was used. */
function cacheOf(t: TestContext, given: { bytes: Uint8Array; blockSizes: readonly number[] } | undefined) {
  const asked: WantedLayer[] = [];
  const used: boolean[] = [];
  const file = join(tempDir(t), "offer");
  const cache: LayerCache = {
    isWorth: (plainSize) => plainSize === PLAIN.length,
    async take(layer, use) {
      asked.push(layer);
      if (given === undefined) return undefined;
      const { bytes, blockSizes } = given;
      writeFileSync(file, bytes);
      const offer: LayerOffer = { file, digest: digestOf(bytes), blockSizes };
      const result = await use(offer);
      used.push(result !== undefined);
      return result;
    },
  };
  return { cache, asked, used };
}

test("a layer that the cache has is taken, and is the one that packing gives", async (t) => {
  const { layer, record, ...given } = await packedElsewhere(t);
  const { cache, asked, used } = cacheOf(t, given);
  const store = await tempStore(t);
  const { source, ...taken } = await buildLayer(store, pool, { ...LAYER, cache });
  assert.equal(source, "cache");
  assert.deepEqual(taken, layer);
  assert.deepEqual(asked, [{ diffId: layer.diffId, plainSize: PLAIN.length }]);
  assert.deepEqual(used, [true]);
  assert.equal(Buffer.compare(readFileSync(blobFile(store, layer.digest)), given.bytes), 0);
  assert.deepEqual(await findPackedBlocks(store, PACKING.name, PLACE), record, "the next edit packs what it touches");

  const again = await buildLayer(store, pool, { ...LAYER, cache });
  assert.equal(again.source, "store");
  assert.equal(asked.length, 1, "what the store has is asked of nobody");
});

test("what the cache has not is packed, and what is not worth it is not asked for", async (t) => {
  const { layer } = await packedElsewhere(t);
  const { cache, asked } = cacheOf(t, undefined);
  const store = await tempStore(t);
  const { source, ...packed } = await buildLayer(store, pool, { ...LAYER, cache });
  assert.equal(source, "packed");
  assert.deepEqual(packed, layer);
  await buildLayer(store, pool, { ...bytesToBuild(prose(3, 4096)), cache });
  assert.equal(asked.length, 1);
});

/** The same content, by another level of deflate. */
function packedOtherwise(level: number): { bytes: Buffer; blockSizes: number[] } {
  const { Z_FINISH, Z_SYNC_FLUSH } = constants;
  const blocks = LAYER.cuts.map((end, i) => {
    const start = LAYER.cuts[i - 1] ?? 0;
    const options = {
      ...{ level, memLevel: PACKING.memLevel, finishFlush: end === PLAIN.length ? Z_FINISH : Z_SYNC_FLUSH },
      ...(start > 0 && { dictionary: PLAIN.subarray(start - WINDOW, start) }),
    };
    return deflateRawSync(PLAIN.subarray(start, end), options);
  });
  return { bytes: Buffer.concat([GZIP_HEADER, ...blocks]), blockSizes: blocks.map(({ length }) => length) };
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
}

test("sizes that are wrong only cost time: a block that does not unpack is packed", async (t) => {
  const { layer, bytes, blockSizes } = await packedElsewhere(t);
  const [a, b, ...rest] = blockSizes;
  const { cache } = cacheOf(t, { bytes, blockSizes: [a! - 1, b! + 1, ...rest] });
  const { source, ...built } = await buildLayer(await tempStore(t), pool, { ...LAYER, cache });
  assert.deepEqual([source, built], ["cache", layer]);
});

type Given = Omit<Awaited<ReturnType<typeof packedElsewhere>>, "record">;
const LIES: Readonly<Record<string, (given: Given) => { bytes: Uint8Array; blockSizes: readonly number[] }>> = {
  "a byte of a block": ({ bytes, blockSizes }) => ({ bytes: flipped(bytes, 5000), blockSizes }),
  "a byte of the header": ({ bytes, blockSizes }) => ({ bytes: flipped(bytes, 9), blockSizes }),
  "a byte of the trailer": ({ bytes, blockSizes }) => ({ bytes: flipped(bytes, bytes.length - 1), blockSizes }),
  "the number of blocks": ({ bytes, blockSizes: [a, b, ...rest] }) => ({ bytes, blockSizes: [a! + b!, ...rest] }),
  "no blocks": ({ bytes }) => ({ bytes, blockSizes: [] }),
  "a file that ends too early": ({ bytes, blockSizes }) => ({ bytes: bytes.subarray(0, 9000), blockSizes }),
  "something behind the end": ({ bytes, blockSizes }) => ({
    bytes: Buffer.concat([bytes, bytes.subarray(-GZIP_TRAILER_SIZE)]),
    blockSizes,
  }),
  "another content": () => {
    const bytes = noise(9, 20_000);
    return { bytes, blockSizes: LAYER.cuts.map(() => Math.floor(bytes.length / LAYER.cuts.length)) };
  },
  "another way to pack": ({ bytes }) => {
    const other = packedOtherwise(9);
    return { ...other, bytes: Buffer.concat([other.bytes, bytes.subarray(-GZIP_TRAILER_SIZE)]) };
  },
};

describe("what is not what packing would give is not used, and the layer is packed", () => {
  for (const [name, lie] of Object.entries(LIES)) {
    test(name, async (t) => {
      const { record: _, ...given } = await packedElsewhere(t);
      const { cache, used } = cacheOf(t, lie(given));
      const store = await tempStore(t);
      const { source, ...built } = await buildLayer(store, pool, { ...LAYER, cache });
      assert.deepEqual([source, used], ["packed", [false]]);
      assert.deepEqual(built, given.layer);
      const blobs = storeFiles(store).filter((file) => file.startsWith("blobs/") || file.includes("/tmp/"));
      assert.deepEqual(blobs, [`blobs/sha256/${given.layer.digest.slice(7)}`], "nothing else is left");
    });
  }
});
