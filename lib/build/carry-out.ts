import type { Lock } from "../../spec/lock.ts";
import { abortable } from "../abort.ts";
import type { ArchiveImage } from "../archive/compose.ts";
import { type CacheChoice, chooseCache } from "../cache/choose.ts";
import { joinListeners } from "../events.ts";
import { expectImage } from "../image/expect.ts";
import { finishImage, type Image } from "../image/image.ts";
import type { OutlineOptions } from "../image/outline.ts";
import type { Pins } from "../image/pin.ts";
import { createPull } from "../image/pull.ts";
import { createTake } from "../image/take.ts";
import { createLayerBuilder } from "../layer/builder.ts";
import { MAX_LAYER_SIZE } from "../layer/ingest.ts";
import { requireLocked } from "../lock/check.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { Reference } from "../reference.ts";
import { createRemoteFiles } from "../remote/files.ts";
import { openSession, type SessionOptions } from "../session.ts";
import type { Store } from "../store/layout.ts";
import { createScratch } from "../store/scratch.ts";
import type { WorkPool } from "../workers/pool.ts";
import { openBuildCache } from "./cache.ts";
import { requireDepth } from "./depth.ts";
import { startImages } from "./images.ts";
import { throwMissing, tryFiles } from "./missing.ts";
import { createOpeners } from "./openers.ts";
import type { Report } from "./report.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** How images are made, whatever becomes of them. */
export interface ImageOptions extends SessionOptions {
  /** `auto` parts each layer that is built into dependencies and application; default `none`. */
  readonly split?: "none" | "auto";
  /** Seconds since 1970 for every time in the output; default 0. */
  readonly epoch?: number;
  /** Largest plain size of a pulled layer, in bytes; default 64 GiB. */
  readonly maxLayerSize?: number;
  /** Where layers are looked for that others have packed; default: where the project says. Not asked when offline. */
  readonly cache?: CacheChoice;
}

export interface CarryOutOptions extends ImageOptions {
  readonly pool: WorkPool;
  readonly report: Report;
  readonly watch: Stopwatch;
  readonly pins: Pins;
  /** The lock that has to name every remote file. */
  readonly locked?: Lock | undefined;
  /** Done beside the making of images; the first to fail is told. */
  readonly prepare?: (outline: OutlineOptions) => Promise<void>;
}

/** The images of a plan's outputs, made and packed. */
export interface Made {
  readonly store: Store;
  /** By their name in the plan. */
  readonly images: ReadonlyMap<string, Image>;
  /** In the order of the outputs. */
  readonly finished: readonly ArchiveImage[];
  /** Lets others have what was built, once the output is there, and tells the report of the shared cache. */
  readonly share: () => Promise<void>;
}

/**
 * Carries out a plan: pulls, assembles and packs the images of its outputs. The blobs of what was made stay in the store
 * until `use` is done, even when it is pruned meanwhile.
 *
 * @throws AircrateError of every fault; what `signal` says when that stopped it
 */
export async function carryOut<T>(
  plan: BuildPlan,
  options: CarryOutOptions,
  use: (made: Made) => Promise<T>,
): Promise<T> {
  const { pool, report, watch, pins, locked, epoch = 0, maxLayerSize: maxSize = MAX_LAYER_SIZE } = options;
  const chosen = chooseCache(options.cache, plan.cache);
  const session = await openSession(options, plan.registries);
  const { store, client, vendor } = session;
  if (plan.images.some(({ recipe }) => recipe.kind !== "pull")) pool.warm();
  const scratch = createScratch(store);
  const ending = new AbortController();
  const onEvent = joinListeners(report.event, options.onEvent);
  const network = { ...session.network, signal: ending.signal };
  const offline = options.offline === true;
  const { warn } = report;
  const cache =
    chosen === undefined || offline
      ? undefined
      : await openBuildCache(chosen, options.registry, { store, pool, scratch, network, onEvent, warn });
  const remote = createRemoteFiles(store, pool, { ...network, vendor, offline, maxSize, onEvent });
  const stop = () => {
    ending.abort();
    void pool.close();
  };
  const task = async () => {
    const { platform } = plan;
    const outline = { store, client, vendor, platform, pins, onEvent, offline };
    const pull = createPull({
      ...{ ...outline, pool },
      ...{ signal: ending.signal, maxLayerSize: maxSize },
    });
    const open = createOpeners({
      ...{ pool, scratch, maxSize, onEvent },
      async remote(url, checksum, where) {
        if (locked !== undefined) requireLocked(plan, locked, { checksum, where });
        return remote.fetch(url, { checksum, where });
      },
    });
    const files = offline ? tryFiles(plan, remote) : undefined;
    const started = startImages(plan, {
      buildLayer: createLayerBuilder(store, pool, { cache: cache?.layers, onEvent }),
      take: createTake(store, pool, scratch, onEvent),
      ...{ open, epoch, pull },
      split: options.split === "auto",
      expect: (reference: Reference) => expectImage(outline, reference),
      warn,
    });
    await options.prepare?.(outline);
    const images = await watch.time("resolve and assemble", () => collect(plan, started, files));
    const finished = await watch.time("pull and pack", () => finish(plan, images));
    const share = async () => {
      if (cache === undefined) return;
      if (chosen?.mode === "read-write") await watch.time("push layers", () => cache.push(images.values()));
      report.cached(cache.report());
    };
    options.signal?.throwIfAborted();
    return use({ store, images, finished, share });
  };
  try {
    // The signal may have come while the plan was made.
    return await abortable(options.signal, task, stop);
  } finally {
    // What is still under way when a build fails must not be tried again.
    ending.abort();
    await scratch.clean();
    await Promise.all([remote.close(), cache?.close(), session.close()]);
  }
}

/**
 * Waits for the images that go into the output, the first failure in the order of the plan first.
 *
 * @param files offline: with them, what the store lacks is told of all images and files at once
 */
async function collect(
  plan: BuildPlan,
  started: ReadonlyMap<string, Promise<Image>>,
  files: Promise<readonly PromiseSettledResult<unknown>[]> | undefined,
): Promise<ReadonlyMap<string, Image>> {
  const images = new Map<string, Image>();
  if (files !== undefined) throwMissing([...(await Promise.allSettled(started.values())), ...(await files)]);
  for (const [name, image] of started) images.set(name, await image);
  for (const { image } of plan.outputs) requireDepth(plan, image, images);
  return new Map(plan.outputs.map(({ image }) => [image, images.get(image)!]));
}

async function finish(plan: BuildPlan, images: ReadonlyMap<string, Image>): Promise<ArchiveImage[]> {
  const finished: ArchiveImage[] = [];
  for (const { image, tags } of plan.outputs) finished.push({ tags, ...(await finishImage(images.get(image)!)) });
  return finished;
}
