import { rm } from "node:fs/promises";
import type { FindCredentials } from "../credentials/credentials.ts";
import { AircrateError } from "../error.ts";
import type { TransportOptions } from "../http/transport.ts";
import type { PlacedLayer } from "../layer/builder.ts";
import type { LayerCache, LayerOffer, WantedLayer } from "../layer/offer.ts";
import { createLimit } from "../limit.ts";
import { createRegistryClient } from "../registry/client.ts";
import { formatRepository } from "../registry/repository.ts";
import { inOneLine } from "../registry/sources.ts";
import { type CachePullOptions, createCachePull } from "./pull.ts";
import { createCachePush } from "./push.ts";

export interface LayerCacheOptions extends Omit<CachePullOptions, "client" | "signal"> {
  /** How its registry is reached; mirrors are never asked. Its signal stops everything. */
  readonly network: TransportOptions;
  readonly findCredentials?: FindCredentials | undefined;
  /** Told, once, why the cache is left alone. */
  readonly warn: (warning: string) => void;
  /** Milliseconds in which it must begin to answer; default 5000. */
  readonly answerMs?: number;
}

export interface RemoteCache extends LayerCache {
  /** Pushes layers that lie in the store and are not there. What goes wrong is told, and no failure. */
  push(layers: readonly PlacedLayer[]): Promise<void>;
  counts(): CacheCounts;
  close(): Promise<void>;
}

/** Numbers of layers. */
export interface CacheCounts {
  /** That were looked for. */
  readonly asked: number;
  /** That were found, and were what they should be. */
  readonly taken: number;
  readonly pushed: number;
  /** Bytes of those that were pushed. */
  readonly pushedSize: number;
}

/**
 * Bytes of a plain layer from which on it is looked for. Two cores pack 2 MiB in the time that such a layer takes to come
 * from a registry on loopback (measured); with the round trips of a real network it is more.
 */
export const MIN_CACHED_SIZE = 4 * 1024 * 1024;

const ANSWER_MS = 5000;
/** Bytes of a plain layer that one core packs in a second, or less: what comes more slowly is packed sooner. */
const PACKED_PER_SECOND = 32 * 1024 * 1024;

/** Milliseconds that pushing may take at the end of a build, and packed bytes for which it gets another second. */
const PUSH_MS = 30_000;
const PUSHED_PER_SECOND = 1024 * 1024;

const PARALLEL_LOOKUPS = 8;
/** As of layers that are pulled. */
const PARALLEL_DOWNLOADS = 4;

/**
 * Layers in a repository of a registry (see `spec/layer-cache.ts`). What is down, slow, refuses or sends something wrong is
 * left alone for the rest of the build.
 */
export function openLayerCache(options: LayerCacheOptions): RemoteCache {
  const { repository, network, warn, answerMs = ANSWER_MS } = options;
  const gone = new AbortController();
  const signal = network.signal === undefined ? gone.signal : AbortSignal.any([network.signal, gone.signal]);
  const settings = { ...network, signal, ...(options.findCredentials && { findCredentials: options.findCredentials }) };
  const client = createRegistryClient({
    ...settings,
    retry: { tries: 1 },
    timeout: Math.min(answerMs, network.timeout ?? answerMs),
  });
  // A registry may need its time for what it was sent.
  const patient = createRegistryClient(settings);
  const pull = createCachePull({ ...options, client, signal });
  const push = createCachePush({ ...options, known: client.target(repository), target: patient.target(repository) });
  const lookups = createLimit(PARALLEL_LOOKUPS);
  const downloads = createLimit(PARALLEL_DOWNLOADS);
  const counts = { asked: 0, taken: 0, pushed: 0, pushedSize: 0 };

  return {
    isWorth: (plainSize) => plainSize >= MIN_CACHED_SIZE && !gone.signal.aborted,
    async take(layer, use) {
      const offer = await tried(() => find(layer));
      if (offer === undefined) return undefined;
      try {
        const result = await use(offer);
        if (result !== undefined) counts.taken += 1;
        else leave(`${pull.whereOf(layer)} is not packed as layers are packed here`);
        return result;
      } finally {
        await rm(offer.file, { force: true });
      }
    },
    async push(layers) {
      await tried(async () => {
        const missing = await push.findMissing(layers);
        const size = missing.reduce((sum, { layer }) => sum + layer.size, 0);
        const limit = PUSH_MS + (size / PUSHED_PER_SECOND) * 1000;
        await within(limit, `pushing ${size} bytes takes too long`, () =>
          push.send(missing, (layer) => {
            counts.pushed += 1;
            counts.pushedSize += layer.size;
          }),
        );
      });
    },
    counts: () => ({ ...counts }),
    async close() {
      await Promise.all([client.close(), patient.close()]);
    },
  };

  async function find(layer: WantedLayer): Promise<LayerOffer | undefined> {
    counts.asked += 1;
    const entry = await lookups(() => pull.lookUp(layer));
    if (entry === undefined) return undefined;
    const limit = answerMs + (layer.plainSize / PACKED_PER_SECOND) * 1000;
    const slow = "packing a layer takes less time than getting it from there";
    return downloads(() => within(limit, slow, (onArrived) => pull.download(entry, layer, onArrived)));
  }

  /** Leaves the cache alone when a task is not done in time. @param task may say before its end that it is done */
  async function within<T>(limit: number, why: string, task: (onDone: () => void) => Promise<T>): Promise<T> {
    const timer = setTimeout(() => leave(why), limit);
    const done = () => clearTimeout(timer);
    try {
      return await task(done);
    } finally {
      done();
    }
  }

  /** Does without what fails there, unless the build itself was stopped. */
  async function tried<T>(task: () => Promise<T>): Promise<T | undefined> {
    if (gone.signal.aborted) return undefined;
    try {
      return await task();
    } catch (error) {
      network.signal?.throwIfAborted();
      leave(error);
      return undefined;
    }
  }

  /** From now on nothing is asked any more; the first reason is told. */
  function leave(why: unknown): void {
    if (signal.aborted) return;
    gone.abort();
    const reason = why instanceof AircrateError ? inOneLine(why, repository.registry) : String(why);
    warn(`the layer cache ${formatRepository(repository)} was left alone: ${reason}`);
  }
}
