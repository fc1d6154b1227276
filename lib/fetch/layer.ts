import type { Descriptor } from "../../spec/oci.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { checkBlob, type IngestOptions, keepLayer, requireLayerType } from "../layer/ingest.ts";
import type { Store } from "../store/layout.ts";
import type { CheckedBlob } from "../unpack/check.ts";
import type { WorkPool } from "../workers/pool.ts";
import { type CheckedDownloadOptions, fetchChecked } from "./checked.ts";

export type FetchOptions = IngestOptions & Omit<CheckedDownloadOptions<CheckedBlob, LayerRecord>, "check" | "keep">;

/**
 * Gets a layer into the store: downloads its blob, going on where an earlier run stopped, checks it, and records what is
 * in it.
 *
 * @throws AircrateError unreachable, forbidden (no source gives it), integrity, input (see {@link keepLayer})
 */
export async function fetchLayer(
  store: Store,
  pool: WorkPool,
  descriptor: Descriptor,
  options: FetchOptions,
): Promise<LayerRecord> {
  requireLayerType(descriptor, options);
  // A thread takes as long to start as a small layer takes to arrive.
  pool.warm();
  return fetchChecked(store, descriptor, {
    ...options,
    check: (file) => checkBlob(pool, file, options),
    keep: (file, checked) => keepLayer(store, pool, descriptor, { ...options, file, checked }),
  });
}
