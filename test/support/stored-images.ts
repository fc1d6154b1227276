import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { ArchiveImage } from "../../lib/archive/compose.ts";
import { type Piece, writePieces } from "../../lib/archive/pieces.ts";
import { digestOf } from "../../lib/digest.ts";
import { buildLayer } from "../../lib/layer/build.ts";
import { ingestFile } from "../../lib/layer/ingest.ts";
import type { Store } from "../../lib/store/layout.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { onCleanup } from "./cleanup.ts";
import { TYPES } from "./image-content.ts";
import { tarToBuild } from "./layers-to-build.ts";
import { prose } from "./seeded.ts";
import { tempStore, writeBlobFile } from "./store.ts";
import { tarOf } from "./ustar.ts";

/** A layer that came from a registry: packed by somebody else, in one gzip member or in several. */
export async function pulledLayer(store: Store, tar: Buffer, members = 1): Promise<LayerRecord> {
  const size = Math.ceil(tar.length / members);
  const parts = Array.from({ length: members }, (_, i) =>
    gzipSync(tar.subarray(i * size, (i + 1) * size), { level: 9 }),
  );
  const bytes = Buffer.concat(parts);
  const descriptor = { mediaType: TYPES.oci.layer, digest: digestOf(bytes), size: bytes.length };
  const file = writeBlobFile(store, bytes);
  const pool = createWorkPool({ threads: 1 });
  try {
    return await ingestFile(store, pool, descriptor, { where: "base", diffId: digestOf(tar), maxPlainSize: 1e9, file });
  } finally {
    await pool.close();
  }
}

/** A layer of our own, with one file. */
export async function ownLayer(t: TestContext, store: Store, path: string, content: Uint8Array): Promise<LayerRecord> {
  const pool = createWorkPool();
  onCleanup(t, () => pool.close());
  const { source: _, ...layer } = await buildLayer(store, pool, tarToBuild(tarOf([{ path, data: content }])));
  return layer;
}

/** An image of these layers for linux/arm64/v8, with a config that tells it from others. */
export function imageOf(layers: readonly LayerRecord[], tags: readonly string[], name = tags.join()): ArchiveImage {
  const config = {
    architecture: "arm64",
    variant: "v8",
    os: "linux",
    config: { Labels: { name } },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  };
  return { tags, configBytes: Buffer.from(JSON.stringify(config)), layers };
}

export interface StoredImages {
  readonly store: Store;
  /** Two that share a base of two layers, one of them of several gzip members; each has one of its own. */
  readonly images: readonly ArchiveImage[];
}

export const TAGS = ["docker.io/library/com.example.app.one:1.0.0", "docker.io/library/com.example.app.two:1.0.0"];

export async function storedImages(t: TestContext): Promise<StoredImages> {
  const store = await tempStore(t);
  const base = [
    await pulledLayer(store, tarOf([{ path: "etc/" }, { path: "etc/base", data: prose(1, 300_000) }])),
    await pulledLayer(store, tarOf([{ path: "usr/" }, { path: "usr/lib", data: prose(2, 100_001) }]), 5),
  ];
  const images = [];
  for (const [i, tag] of TAGS.entries()) {
    images.push(imageOf([...base, await ownLayer(t, store, `app-${i}`, prose(3 + i, 50_000))], [tag]));
  }
  return { store, images };
}

/** All bytes of the pieces. */
export async function bytesOf(store: Store, pieces: readonly Piece[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  await writePieces(store, pieces, {
    write: (bytes) => {
      parts.push(Buffer.from(bytes));
      return undefined;
    },
  });
  return Buffer.concat(parts);
}
