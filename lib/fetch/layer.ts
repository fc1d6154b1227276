import { rm } from "node:fs/promises";
import type { Descriptor } from "../../spec/oci.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { AircrateError } from "../error.ts";
import { checkBlob, type IngestOptions, keepLayer, requireLayerType } from "../layer/ingest.ts";
import type { RegistrySource } from "../registry/client.ts";
import type { Store } from "../store/layout.ts";
import { claimPartial, releasePartial } from "../store/partial.ts";
import type { CheckedBlob } from "../unpack/check.ts";
import type { WorkPool } from "../workers/pool.ts";
import { type DownloadOptions, downloadBlob } from "./download.ts";

export interface FetchOptions extends IngestOptions, Omit<DownloadOptions, "file"> {
  /** Where the blob may be had, in the order in which to ask; at least one. */
  readonly sources: readonly RegistrySource[];
}

/**
 * Gets a layer into the store: downloads its blob, going on where an earlier run stopped, checks it, and records what is
 * in it. What is there of it when the download fails is kept for the next run; wrong bytes are not.
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
  const partial = await claimPartial(store, descriptor.digest);
  try {
    const { file } = partial;
    const checked = await download(store, pool, descriptor, { ...options, file });
    return await keepLayer(store, pool, descriptor, { ...options, file, checked });
  } catch (error) {
    const wrong = error instanceof AircrateError && (error.fault === "integrity" || error.fault === "input");
    if (wrong) await rm(partial.file, { force: true });
    else await releasePartial(store, partial);
    throw error;
  }
}

/** Downloads and checks. Wrong bytes are fetched once more when another source, or one answer for all, may be right. */
async function download(
  store: Store,
  pool: WorkPool,
  blob: Descriptor,
  { sources, ...options }: FetchOptions & { file: string },
): Promise<CheckedBlob> {
  const { pieced, source } = await downloadBlob(store, sources, blob, options);
  const checked = await checkBlob(pool, options.file, options);
  if (checked.digest === blob.digest || !(pieced || sources.length > 1)) return checked;
  // Beginning with the one behind that which gave the end.
  const next = source === undefined ? 0 : sources.indexOf(source) + 1;
  const others = [...sources.slice(next), ...sources.slice(0, next)];
  await downloadBlob(store, others, blob, { ...options, anew: true });
  return checkBlob(pool, options.file, options);
}
