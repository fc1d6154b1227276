import type { LayerRecord } from "../../spec/store.ts";
import { AircrateError, systemCode } from "../error.ts";
import { PACKING } from "../gzip/deflate.ts";
import type { Store } from "../store/layout.ts";
import { findPackedLayer, recordPackedLayer, wasPackedBefore } from "../store/records.ts";
import type { SharedStream } from "../tar/shared.ts";
import { digestStream } from "../workers/digest.ts";
import type { WorkPool } from "../workers/pool.ts";
import { FileChangedError } from "../workers/segment-reader.ts";
import { type LayerCache, type LayerOffer, sampleOffer } from "./offer.ts";
import { type PackedStream, type PackOptions, packStream } from "./pack.ts";

export interface BuiltLayer extends LayerRecord {
  /** `packed` now, or before and found in the `store`, or taken from the shared `cache`. */
  readonly source: "packed" | "store" | "cache";
}

export interface BuildLayerOptions extends Pick<PackOptions, "cuts" | "place" | "onBytes"> {
  readonly stream: SharedStream;
  /** Where it is looked for before it is packed. */
  readonly cache?: LayerCache | undefined;
}

/**
 * Makes the layer of a tar file, packed as one gzip member. Its contents are digested first; when a layer with that
 * diffID was packed before, here or by others, nothing is packed again. Where there can be none, both are done in one
 * reading.
 *
 * @param cuts ends of the blocks that are packed by themselves: those of the tar file, by the rule that names the packing
 * @throws AircrateError input when a file cannot be read or changes while it is read
 */
export async function buildLayer(
  store: Store,
  pool: WorkPool,
  { stream, cuts, place, cache, onBytes }: BuildLayerOptions,
): Promise<BuiltLayer> {
  const options = { stream, cuts, place, onBytes };
  const keep = async (layer: LayerRecord, source: BuiltLayer["source"]): Promise<BuiltLayer> => {
    await recordPackedLayer(store, PACKING.name, layer);
    return { ...layer, source };
  };
  try {
    const asks = cache?.isWorth(stream.size) === true;
    // Where there is nothing to be found by the digest, it is taken while the layer is packed.
    if (!asks && !wasPackedBefore(store, PACKING.name, { plainSize: stream.size, place })) {
      const { plainCrc: _, plainSha256, ...packed } = await packStream(store, pool, { ...options, withDigest: true });
      return await keep({ version: 1, diffId: `sha256:${plainSha256}`, ...packed }, "packed");
    }
    const digest = await digestStream(pool, stream);
    const diffId = `sha256:${digest.sha256}`;
    const known = await findPackedLayer(store, PACKING.name, diffId);
    if (known !== undefined) return { ...known, source: "store" };
    // The second reading must see what the first one digested.
    const check = ({ plainCrc }: PackedStream) => {
      if (plainCrc !== digest.crc) throw changedError(undefined);
    };
    const wanted = { diffId, plainSize: stream.size };
    const offered = asks
      ? await cache.take(wanted, (offer) => packOffered(store, pool, offer, { ...options, check }))
      : undefined;
    const { plainCrc: _, ...packed } = offered ?? (await packStream(store, pool, { ...options, check }));
    return await keep({ version: 1, diffId, ...packed }, offered === undefined ? "packed" : "cache");
  } catch (error) {
    throw readError(error);
  }
}

class WrongOffer extends Error {}

/** Takes a layer as somebody else packed it. @returns undefined when it is not what packing would give, as far as is proved */
async function packOffered(
  store: Store,
  pool: WorkPool,
  offered: LayerOffer,
  { check, ...options }: PackOptions & { check: (packed: PackedStream) => void },
): Promise<PackedStream | undefined> {
  const offer = sampleOffer(offered, options.cuts);
  if (offer === undefined) return undefined;
  try {
    return await packStream(store, pool, {
      ...{ ...options, offer },
      check(packed) {
        check(packed);
        if (packed.digest !== offered.digest) throw new WrongOffer();
      },
    });
  } catch (error) {
    if (error instanceof WrongOffer) return undefined;
    throw error;
  }
}

function readError(error: unknown): unknown {
  if (error instanceof FileChangedError) return changedError(error.file);
  if (error instanceof AircrateError || systemCode(error) === undefined) return error;
  return new AircrateError("input", "a file of the tree cannot be read", {
    reason: (error as Error).message,
    cause: error,
  });
}

function changedError(file: string | undefined): AircrateError {
  return new AircrateError("input", "changed while it was read", {
    where: file ?? "a file of the tree",
    hint: "build again when nothing writes to the tree any more",
  });
}
