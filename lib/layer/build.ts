import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { LayerRecord } from "../../spec/store.ts";
import { AircrateError } from "../error.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import { PACKING, WINDOW } from "../gzip/deflate.ts";
import { GZIP_HEADER, gzipTrailer } from "../gzip/format.ts";
import { type BlobWriter, createBlobWriter, type Store } from "../store/layout.ts";
import { findPackedLayer, recordPackedLayer } from "../store/records.ts";
import { createSlicer, type Segment, segmentSize } from "../tar/sequence.ts";
import type { PackResult } from "../workers/jobs.ts";
import { createRelief } from "../workers/memory.ts";
import type { WorkPool } from "../workers/pool.ts";
import { FileChangedError } from "../workers/segment-reader.ts";

export interface BuiltLayer extends LayerRecord {
  /** Whether it was packed before and lay in the store. */
  readonly reused: boolean;
}

/**
 * Makes the layer of a tar file, packed as one gzip member. Its contents are digested
 * first; when a layer with that diffID was packed before, nothing is packed again.
 *
 * The packed bytes depend on the tar file and {@link PACKING} only: the stream is cut into blocks of one size, each
 * packed by itself with the 32 KiB before it as dictionary and joined by sync flushes (RFC 1951, section 3.2.4).
 *
 * @throws AircrateError input when a file cannot be read or changes while it is read
 */
export async function buildLayer(store: Store, pool: WorkPool, segments: readonly Segment[]): Promise<BuiltLayer> {
  try {
    const digest = await pool.run({ kind: "digest", segments });
    const diffId = `sha256:${digest.sha256}`;
    const known = await findPackedLayer(store, PACKING.name, diffId);
    if (known !== undefined) return { ...known, reused: true };
    const packed = await packSegments(store, pool, { segments, plainCrc: digest.crc });
    const layer: LayerRecord = { version: 1, diffId, ...packed };
    await recordPackedLayer(store, PACKING.name, layer);
    return { ...layer, reused: false };
  } catch (error) {
    throw readError(error);
  }
}

interface PackedStream {
  readonly plainSize: number;
  readonly digest: string;
  readonly size: number;
  readonly crc: number;
}

async function packSegments(
  store: Store,
  pool: WorkPool,
  { segments, plainCrc: expected }: { segments: readonly Segment[]; plainCrc: number },
): Promise<PackedStream> {
  const plainSize = segments.reduce((sum, segment) => sum + segmentSize(segment), 0);
  const slice = createSlicer(segments);
  const out = await createBlobWriter(store);
  const blob = createTally(out);
  try {
    await blob.write(GZIP_HEADER);
    let plainCrc = 0;
    const running: { result: Promise<PackResult>; size: number }[] = [];
    const collect = async () => {
      const { result, size } = running.shift()!;
      const { packed, crc } = await result;
      plainCrc = crc32Combine(plainCrc, crc, size);
      await blob.write(packed);
    };
    for (let start = 0; start < plainSize; start += PACKING.blockSize) {
      const end = Math.min(start + PACKING.blockSize, plainSize);
      const dictionarySize = Math.min(start, WINDOW);
      const result = pool.run({
        kind: "pack",
        segments: slice(start - dictionarySize, end),
        dictionarySize,
        blockSize: end - start,
        end: end === plainSize ? "finish" : "flush",
      });
      // Failures surface in order when the block is collected.
      result.catch(() => {});
      running.push({ result, size: end - start });
      if (running.length > pool.width + 1) await collect();
    }
    while (running.length > 0) await collect();
    // This second reading must have seen what the first one digested.
    if (plainCrc !== expected) throw changedError(undefined);
    await blob.write(gzipTrailer(plainCrc, plainSize));
    const { digest, size, crc } = blob.finish();
    await out.commit(digest);
    return { plainSize, digest, size, crc };
  } catch (error) {
    await out.abort();
    throw error;
  }
}

/** Counts and digests what passes through to the writer. */
function createTally(out: BlobWriter) {
  const hash = createHash("sha256");
  const relieve = createRelief();
  let size = 0;
  let crc = 0;
  return {
    write(chunk: Uint8Array): Promise<void> {
      hash.update(chunk);
      crc = crc32(chunk, crc);
      size += chunk.length;
      relieve(chunk.length);
      return out.write(chunk);
    },
    finish: () => ({ digest: `sha256:${hash.digest("hex")}`, size, crc }),
  };
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
