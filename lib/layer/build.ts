import type { LayerRecord } from "../../spec/store.ts";
import { AircrateError } from "../error.ts";
import { PACKING } from "../gzip/deflate.ts";
import type { Store } from "../store/layout.ts";
import { findPackedBlocks, findPackedLayer, hasPackedSize, recordPackedLayer } from "../store/records.ts";
import type { Segment } from "../tar/sequence.ts";
import { shareSegments } from "../tar/shared.ts";
import type { WorkPool } from "../workers/pool.ts";
import { FileChangedError } from "../workers/segment-reader.ts";
import { type PackOptions, packStream } from "./pack.ts";

export interface BuiltLayer extends LayerRecord {
  /** Whether it was packed before and lay in the store. */
  readonly reused: boolean;
}

/**
 * Makes the layer of a tar file, packed as one gzip member. Its contents are digested first; when a layer with that
 * diffID was packed before, nothing is packed again. Where there can be none, both are done in one reading.
 *
 * @param cuts ends of the blocks that are packed by themselves: those of the tar file, by the rule that names the packing
 * @throws AircrateError input when a file cannot be read or changes while it is read
 */
export async function buildLayer(
  store: Store,
  pool: WorkPool,
  { segments, cuts, place }: { segments: readonly Segment[] } & Pick<PackOptions, "cuts" | "place">,
): Promise<BuiltLayer> {
  try {
    const stream = shareSegments(segments);
    const options = { stream, cuts, place };
    if (await isNew(store, stream.size, place)) {
      const { plainCrc: _, plainSha256, ...packed } = await packStream(store, pool, { ...options, withDigest: true });
      return await record(store, { version: 1, diffId: `sha256:${plainSha256}`, ...packed });
    }
    const digest = await pool.run({ kind: "digest", stream });
    const diffId = `sha256:${digest.sha256}`;
    const known = await findPackedLayer(store, PACKING.name, diffId);
    if (known !== undefined) return { ...known, reused: true };
    const { plainCrc: _, ...packed } = await packStream(store, pool, {
      ...options,
      // This second reading must have seen what the first one digested.
      check({ plainCrc }) {
        if (plainCrc !== digest.crc) throw changedError(undefined);
      },
    });
    return await record(store, { version: 1, diffId, ...packed });
  } catch (error) {
    throw readError(error);
  }
}

async function record(store: Store, layer: LayerRecord): Promise<BuiltLayer> {
  await recordPackedLayer(store, PACKING.name, layer);
  return { ...layer, reused: false };
}

/** Whether nothing like it was packed before, so that there is nothing to be found by its digest. */
async function isNew(store: Store, plainSize: number, place: string | undefined): Promise<boolean> {
  if (await hasPackedSize(store, PACKING.name, plainSize)) return false;
  return place === undefined || (await findPackedBlocks(store, PACKING.name, place)) === undefined;
}

function readError(error: unknown): unknown {
  if (error instanceof FileChangedError) return changedError(error.file);
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof AircrateError || code === undefined) return error;
  return new AircrateError("input", "a file of the tree cannot be read", { reason: message, cause: error });
}

function changedError(file: string | undefined): AircrateError {
  return new AircrateError("input", "changed while it was read", {
    where: file ?? "a file of the tree",
    hint: "build again when nothing writes to the tree any more",
  });
}
