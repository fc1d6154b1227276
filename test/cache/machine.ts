import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { type LayerCacheOptions, MIN_CACHED_SIZE, openLayerCache } from "../../lib/cache/cache.ts";
import { cacheTag, composeEntry } from "../../lib/cache/entry.ts";
import type { BuildEvent } from "../../lib/events.ts";
import { PACKING } from "../../lib/gzip/deflate.ts";
import { type BuiltLayer, buildLayer } from "../../lib/layer/build.ts";
import type { PlacedLayer } from "../../lib/layer/builder.ts";
import { mapLimited } from "../../lib/limit.ts";
import { readRepository } from "../../lib/registry/repository.ts";
import { blobFile } from "../../lib/store/layout.ts";
import { findPackedBlocks } from "../../lib/store/records.ts";
import { createScratch } from "../../lib/store/scratch.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { onCleanup } from "../support/cleanup.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { bytesToBuild } from "../support/layers-to-build.ts";
import { noise, prose } from "../support/seeded.ts";
import { tempStore } from "../support/store.ts";

const LAYERS = [prose(1, 300_000), noise(2, 200_000)].map((bytes, i) => ({
  ...bytesToBuild(Buffer.concat([bytes, Buffer.alloc(MIN_CACHED_SIZE)])),
  place: `aircrate.yml:${i}`,
}));

/** The layers with the places that they were built for. */
export function placed(layers: readonly BuiltLayer[]): PlacedLayer[] {
  return layers.map((layer, i) => ({ ...layer, place: LAYERS[i]!.place }));
}

const pool = createWorkPool({ threads: 1 });
/** To be called after all tests. */
export const stopPacking = () => pool.close();

let packed: Promise<readonly { layer: BuiltLayer; entry: Buffer; bytes: Buffer }[]> | undefined;

async function packAll(t: TestContext) {
  const store = await tempStore(t);
  return mapLimited(1, LAYERS, async (toBuild) => {
    const layer = await buildLayer(store, pool, toBuild);
    const { blocks } = (await findPackedBlocks(store, PACKING.name, toBuild.place))!;
    const { diffId, digest, size } = layer;
    const entry = composeEntry(diffId, { blob: { digest, size }, blockSizes: blocks.map(([, , size]) => size) });
    return { layer, entry, bytes: readFileSync(blobFile(store, digest)) };
  });
}

/** The layers as the first machine packed them, with their entries: done once. */
export function entries(t: TestContext) {
  packed ??= packAll(t);
  return packed;
}

/** Puts the layers into a registry, as those who push do. */
export async function fill(t: TestContext, registry: EmbeddedRegistry): Promise<readonly BuiltLayer[]> {
  const known = await entries(t);
  for (const { layer, entry, bytes } of known) {
    registry.putManifest("team/cache", { mediaType: MEDIA.ociManifest, bytes: entry }, cacheTag(layer.diffId));
    registry.putBlob("team/cache", bytes);
  }
  return known.map(({ layer }) => layer);
}

/** A machine that shares the cache at a host, and what it hears of it. */
export async function machine(t: TestContext, host: string, options: Partial<LayerCacheOptions> = {}) {
  const store = await tempStore(t);
  const warnings: string[] = [];
  const events: BuildEvent[] = [];
  const scratch = createScratch(store);
  const cache = openLayerCache({
    ...{ store, pool, scratch },
    repository: readRepository(`${host}/team/cache`)!,
    network: { userAgent: "aircrate/test" },
    onEvent: (event) => void events.push(event),
    warn: (warning) => void warnings.push(warning),
    ...options,
  });
  onCleanup(t, () => cache.close());
  const build = () => Promise.all(LAYERS.map((layer) => buildLayer(store, pool, { ...layer, cache })));
  return { store, cache, build, warnings, events };
}

/** Layers of transfers that began, and neither ended nor failed. */
export function openTransfers(events: readonly BuildEvent[]): string[] {
  const open = new Set<string>();
  for (const event of events) {
    if (event.kind === "pull-start" || event.kind === "push-start") open.add(event.layer);
    if (/^pu(?:ll|sh)-(?:end|fail)$/.test(event.kind) && "layer" in event) open.delete(event.layer);
  }
  return [...open];
}
