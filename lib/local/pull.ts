import type { PullReport } from "../../spec/local-reports.ts";
import { abortable } from "../abort.ts";
import type { Digest } from "../digest.ts";
import { createWarnings, type OnEvent } from "../events.ts";
import { createPull, type Pull } from "../image/pull.ts";
import { mapLimited } from "../limit.ts";
import { ARM64, formatPlatform, type Platform } from "../platform.ts";
import { formatReference, parseReference } from "../reference.ts";
import { openSession, type SessionOptions } from "../session.ts";
import { createWorkPool } from "../workers/pool.ts";

export interface PullImagesOptions extends Omit<SessionOptions, "offline"> {
  /** Default linux/arm64. */
  readonly platform?: Platform;
  /** Largest plain size of a layer, in bytes; default 64 GiB. */
  readonly maxLayerSize?: number;
}

/** Images that are asked for at once. */
const PARALLEL_IMAGES = 4;

/**
 * Gets images into the store, each blob checked and once, so that builds find them offline.
 *
 * @param names references, as users write them
 * @throws AircrateError unreachable, forbidden, integrity, input; the reason of the signal: what came by then stays
 */
export async function pullImages(names: readonly string[], options: PullImagesOptions): Promise<PullReport> {
  const { platform = ARM64, maxLayerSize } = options;
  const references = names.map((name) => parseReference(name));
  const ending = new AbortController();
  const pool = createWorkPool();
  const warnings = createWarnings();
  const manifests = new Map<string, Digest>();
  const onEvent: OnEvent = (event) => {
    warnings.event(event);
    if (event.kind === "resolve") manifests.set(event.reference, event.manifest);
    options.onEvent?.(event);
  };
  const task = async () => {
    const session = await openSession({ ...options, signal: ending.signal }, new Map());
    try {
      const pull = createPull({
        ...{ ...session, pool, platform, onEvent, offline: false, signal: ending.signal },
        ...(maxLayerSize !== undefined && { maxLayerSize }),
      });
      const layers = await mapLimited(PARALLEL_IMAGES, references, (reference) => layersOf(pull, reference));
      const images = references.map(formatReference).map((reference, i) => ({
        ...{ reference, manifest: manifests.get(reference)!, layers: layers[i]! },
      }));
      const { root } = session.store;
      return {
        version: 1 as const,
        store: root,
        platform: formatPlatform(platform),
        images,
        warnings: warnings.list(),
      };
    } finally {
      // What is still under way when one image fails must not be tried again.
      ending.abort();
      await Promise.all([pool.close(), session.close()]);
    }
  };
  return abortable(options.signal, task, () => {
    ending.abort();
    void pool.close();
  });
}

async function layersOf(pull: Pull, reference: Parameters<Pull>[0]): Promise<PullReport["images"][number]["layers"]> {
  const { layers } = await pull(reference);
  const records = await Promise.all(layers.map(({ record }) => record));
  return records.map(({ diffId, digest, size }) => ({ diffId, digest, size }));
}
