import { rename } from "node:fs/promises";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { fetchChecked } from "../fetch/checked.ts";
import type { LayerOffer, WantedLayer } from "../layer/offer.ts";
import { formatReference } from "../reference.ts";
import { NO_SUCH_IMAGE } from "../registry/answer-error.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Repository } from "../registry/repository.ts";
import { digestError, fetchManifest } from "../registry/resolve.ts";
import type { Store } from "../store/layout.ts";
import type { Scratch } from "../store/scratch.ts";
import { shareSegments } from "../tar/shared.ts";
import { digestStream } from "../workers/digest.ts";
import type { WorkPool } from "../workers/pool.ts";
import { type CacheEntry, cacheTag, readEntry } from "./entry.ts";

export interface CachePullOptions {
  readonly store: Store;
  readonly pool: WorkPool;
  readonly scratch: Scratch;
  readonly repository: Repository;
  readonly client: Pick<RegistryClient, "sources">;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
}

/** Gets a layer from the repository in two steps, since the second one may take its time. */
export interface CachePull {
  /** The reference of a layer. */
  whereOf(layer: Pick<WantedLayer, "diffId">): string;
  /** @returns undefined when it is not there @throws AircrateError unreachable, forbidden, integrity, input */
  lookUp(layer: WantedLayer): Promise<CacheEntry | undefined>;
  /**
   * @param onArrived told when all bytes are there
   * @returns a file that whoever asks has to remove
   * @throws AircrateError unreachable, forbidden, integrity
   */
  download(entry: CacheEntry, layer: WantedLayer, onArrived: () => void): Promise<LayerOffer>;
}

export function createCachePull({ store, pool, scratch, repository, ...options }: CachePullOptions): CachePull {
  const { client, signal, onEvent } = options;
  const referenceOf = ({ diffId }: Pick<WantedLayer, "diffId">) => ({ ...repository, tag: cacheTag(diffId) });
  const whereOf: CachePull["whereOf"] = (layer) => formatReference(referenceOf(layer));
  return {
    whereOf,
    async lookUp(layer) {
      signal.throwIfAborted();
      const where = whereOf(layer);
      // Without mirrors, it is the only one.
      const source = client.sources(referenceOf(layer))[0]!;
      try {
        const { bytes } = await fetchManifest(source, cacheTag(layer.diffId), where);
        return readEntry(bytes, layer, where);
      } catch (error) {
        if (error instanceof AircrateError && error.what === NO_SUCH_IMAGE) return undefined;
        throw error;
      }
    },
    async download({ blob, blockSizes }, wanted, onArrived) {
      signal.throwIfAborted();
      const { digest: layer, size } = blob;
      const where = whereOf(wanted);
      const fetched = fetchChecked(store, blob, {
        ...{ where, sources: client.sources(referenceOf(wanted)), signal, pauses: [] },
        onStart: (from) => onEvent({ kind: "pull-start", reference: where, layer, size, from }),
        onBytes: (count) => onEvent({ kind: "pull-bytes", layer, size: count }),
        async check(file) {
          onArrived();
          const { sha256 } = await digestStream(pool, shareSegments([{ file, offset: 0, size }]));
          return { digest: `sha256:${sha256}` };
        },
        async keep(file, found) {
          if (found.digest !== layer) throw digestError(where, "layer", layer, found.digest);
          const kept = scratch.file();
          await rename(file, kept);
          return kept;
        },
      });
      const file = await fetched.catch((error: unknown) => {
        onEvent({ kind: "pull-fail", layer });
        throw error;
      });
      onEvent({ kind: "pull-end", reference: where, layer, size, stored: layer });
      return { file, digest: layer, blockSizes };
    },
  };
}
