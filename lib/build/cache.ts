import type { ReportCache } from "../../spec/report.ts";
import type { LayerCacheOptions } from "../cache/cache.ts";
import type { ChosenCache } from "../cache/choose.ts";
import type { Digest } from "../digest.ts";
import type { Image } from "../image/image.ts";
import type { PlacedLayer } from "../layer/builder.ts";
import type { LayerCache } from "../layer/offer.ts";
import type { RegistryAccess } from "../registry/client.ts";
import { insecureHosts } from "../registry/mirrors.ts";
import { formatRepository } from "../registry/repository.ts";

/** The cache of layers that a build shares with others. */
export interface BuildCache {
  readonly layers: LayerCache;
  /** Pushes those layers of images that were built and that the cache has not. It never fails. */
  push(images: Iterable<Image>): Promise<void>;
  report(): ReportCache;
  close(): Promise<void>;
}

/** Opens a cache. Nothing is asked of it yet. @param access how the user has registries reached */
export async function openBuildCache(
  { repository, mode }: ChosenCache,
  { registries = new Map(), findCredentials }: RegistryAccess = {},
  options: Omit<LayerCacheOptions, "repository" | "findCredentials">,
): Promise<BuildCache> {
  const { openLayerCache } = await import("../cache/cache.ts");
  const { network, ...rest } = options;
  const cache = openLayerCache({
    ...{ ...rest, repository, findCredentials },
    network: { ...network, insecure: [...(network.insecure ?? []), ...insecureHosts(registries)] },
  });
  return {
    layers: cache,
    push: async (images) => cache.push(await ownLayers(images, cache)),
    report: () => ({ repository: formatRepository(repository), mode, ...cache.counts() }),
    close: () => cache.close(),
  };
}

/** The layers that were built and did not come from the cache, each once. */
async function ownLayers(images: Iterable<Image>, { isWorth }: LayerCache): Promise<PlacedLayer[]> {
  const own = new Map<Digest, PlacedLayer>();
  for (const { record } of [...images].flatMap(({ layers }) => layers)) {
    const layer = await record;
    if ("place" in layer && layer.source !== "cache" && isWorth(layer.plainSize)) own.set(layer.diffId, layer);
  }
  return [...own.values()];
}
