import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { LayerFile } from "../support/arm64-base.ts";
import { cached, recipe } from "../support/cache.ts";
import { startEmbeddedRegistry } from "../support/embedded-registry.ts";
import { type BlobSource, digestOf, type ImageContent, TYPES } from "../support/image-content.ts";

const COPIES = 10;
const BLOCK = 512;

/** A registry with a base of ten times the size: each of its layers holds the plain one of the base ten times. */
export async function seedLarge(layers: readonly LayerFile[]): Promise<{ base: string; stop: () => Promise<void> }> {
  const large = layers.slice(0, 2);
  const blobs = await Promise.all(large.map((layer) => largeLayer(layer)));
  const config = Buffer.from(
    JSON.stringify({
      architecture: "arm64",
      variant: "v8",
      os: "linux",
      config: { Env: ["PATH=/usr/bin:/bin"] },
      rootfs: { type: "layers", diff_ids: blobs.map(({ diffId }) => diffId) },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.oci.manifest,
      config: { mediaType: TYPES.oci.config, digest: digestOf(config), size: config.length },
      layers: blobs.map(({ digest, size }) => ({ mediaType: TYPES.oci.layer, digest, size })),
    }),
  );
  const root = { mediaType: TYPES.oci.manifest, bytes: manifest };
  const content: ImageContent = {
    root,
    manifests: [root],
    blobs: new Map<string, BlobSource>([
      [digestOf(config), config],
      ...blobs.map(({ digest, file, size }) => [digest, { file, size }] as const),
    ]),
  };
  const registry = await startEmbeddedRegistry();
  registry.addImage("large/python", "1", content);
  return { base: `${registry.host}/large/python:1`, stop: () => registry.close() };
}

interface LargeLayer {
  readonly file: string;
  readonly size: number;
  readonly digest: string;
  readonly diffId: string;
}

async function largeLayer(layer: LayerFile): Promise<LargeLayer> {
  const name = `large-${(await recipe([import.meta.url], layer.digest)).slice(0, 16)}`;
  const dir = await cached(name, async (work) => {
    await pipeline(repeated(layer.path), createGzip({ level: 1 }), createWriteStream(join(work, "layer.tar.gz")));
  });
  const file = join(dir, "layer.tar.gz");
  const digest = createHash("sha256");
  const diffId = createHash("sha256");
  await pipeline(createReadStream(file), digest);
  await pipeline(createReadStream(file), createGunzip(), diffId);
  return {
    file,
    size: statSync(file).size,
    digest: `sha256:${digest.digest("hex")}`,
    diffId: `sha256:${diffId.digest("hex")}`,
  };
}

/** A tar file with the plain layer as a member, ten times. */
async function* repeated(layer: string): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const chunk of createReadStream(layer).pipe(createGunzip())) size += (chunk as Buffer).length;
  for (let i = 0; i < COPIES; i += 1) {
    yield header(`copy-${i}.tar`, size);
    yield* createReadStream(layer).pipe(createGunzip()) as AsyncIterable<Uint8Array>;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(
    `0000644\0${"0000000\0".repeat(2)}${size.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0        0`,
    100,
  );
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
