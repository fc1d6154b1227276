import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { PackedBlocks } from "../../spec/store.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import { PACKING, WINDOW } from "../gzip/deflate.ts";
import { GZIP_HEADER, gzipTrailer } from "../gzip/format.ts";
import { type BlobWriter, createBlobWriter, type Store } from "../store/layout.ts";
import { recordPackedBlocks } from "../store/records.ts";
import type { SharedStream } from "../tar/shared.ts";
import type { BlockIdentity, BlockOffer, PackResult } from "../workers/jobs.ts";
import { createRelief } from "../workers/memory.ts";
import type { WorkPool } from "../workers/pool.ts";
import { type EarlierBlocks, openEarlierBlocks } from "./reuse.ts";

/** What is packed, and how. */
export interface PackOptions {
  readonly stream: SharedStream;
  /** Ends of the blocks, ascending; the last one is the end of the stream. */
  readonly cuts: readonly number[];
  /** Where blocks that were packed before are looked for, and these ones are found the next time. */
  readonly place?: string | undefined;
  /** Digests the plain bytes, too. Nothing is taken from earlier layers then. */
  readonly withDigest?: boolean;
  /** The stream as somebody else packed it; nothing is taken from earlier layers then. */
  readonly offer?: PackedOffer;
  /** Called with the number of plain bytes as they are packed. */
  readonly onBytes?: ((size: number) => void) | undefined;
}

/** A gzip file that may be what packing would give. */
export interface PackedOffer {
  readonly file: string;
  /** Bytes of each block as it is packed, in order; the first one follows the gzip header. */
  readonly blockSizes: readonly number[];
  /** Blocks that are packed all the same. */
  readonly sample: ReadonlySet<number>;
}

/** A gzip file that was written to the store. */
export interface PackedStream {
  readonly digest: string;
  readonly size: number;
  readonly crc: number;
  readonly plainSize: number;
  /** CRC-32 of the plain bytes. */
  readonly plainCrc: number;
  /** SHA-256 of the plain bytes, 64 hex digits, when it was asked for. */
  readonly plainSha256?: string;
}

/** Blocks whose identities are found out at once: one job for each would cost more than it does. */
const GROUP = 8;

/**
 * Packs a stream into one gzip member. Its bytes depend on the stream, the cuts and {@link PACKING} only: each block is
 * packed by itself with the 32 KiB before it as dictionary, and they are joined by sync flushes (RFC 1951, section
 * 3.2.4). So a block that was packed before, with the same bytes before it, needs not be packed again.
 *
 * @param check called before the blob gets its name; what it throws keeps it from the store
 */
export async function packStream(
  store: Store,
  pool: WorkPool,
  {
    stream,
    cuts,
    place,
    withDigest,
    offer,
    onBytes,
    check = () => {},
  }: PackOptions & { check?: (packed: PackedStream) => void },
): Promise<PackedStream> {
  const alone = place === undefined || withDigest === true || offer !== undefined;
  const earlier = alone ? undefined : await openEarlierBlocks(store, place);
  const out = await createBlobWriter(store);
  const blob = createTally(out);
  const list: PackedBlocks["blocks"] = [];
  const plainHash = withDigest ? createHash("sha256") : undefined;
  const packer = createPacker(pool, { stream, cuts, earlier, offer, withPlain: withDigest === true });
  const width = pool.width + 1 + (earlier === undefined ? 0 : 2 * GROUP);
  try {
    await blob.write(GZIP_HEADER);
    let plainCrc = 0;
    const running: Promise<PackResult>[] = [];
    for (let done = 0, next = 0; done < cuts.length; done += 1) {
      for (; next < cuts.length && running.length < width; next += 1) {
        const result = packer.pack(next);
        // Failures surface in order when the block is collected.
        result.catch(() => {});
        running.push(result);
      }
      const { packed, key, crc, plain } = await running.shift()!;
      if (plain !== undefined) {
        plainHash?.update(plain);
        blob.dropped(plain.length);
      }
      const plainSize = packer.size(done);
      plainCrc = crc32Combine(plainCrc, crc, plainSize);
      const packedCrc = crc32(packed);
      list.push([key, plainSize, packed.length, packedCrc]);
      await blob.write(packed, packedCrc);
      onBytes?.(plainSize);
    }
    const plainSize = cuts.at(-1)!;
    await blob.write(gzipTrailer(plainCrc, plainSize));
    const plainSha256 = plainHash?.digest("hex");
    const packed = { ...blob.finish(), plainSize, plainCrc, ...(plainSha256 !== undefined && { plainSha256 }) };
    check(packed);
    await out.commit(packed.digest);
    if (place !== undefined) {
      await recordPackedBlocks(store, PACKING.name, { place, version: 1, digest: packed.digest, blocks: list });
    }
    return packed;
  } catch (error) {
    await out.abort();
    throw error;
  } finally {
    await earlier?.close();
  }
}

interface PackerOptions {
  readonly stream: SharedStream;
  readonly cuts: readonly number[];
  readonly earlier: EarlierBlocks | undefined;
  readonly offer: PackedOffer | undefined;
  readonly withPlain: boolean;
}

/** Gives each block packed: from an earlier layer when it is there, else from the pool. */
function createPacker(pool: WorkPool, { stream, cuts, earlier, offer, withPlain }: PackerOptions) {
  const start = (block: number) => cuts[block - 1] ?? 0;
  const size = (block: number) => cuts[block]! - start(block);
  const placeOf = (block: number) => ({ stream, start: start(block), dictionarySize: Math.min(start(block), WINDOW) });
  const groups = new Map<number, Promise<readonly BlockIdentity[]>>();
  const offers = offer === undefined ? [] : offersOf(offer);

  function identify(block: number): Promise<readonly BlockIdentity[]> {
    const first = block - (block % GROUP);
    let identities = groups.get(first);
    if (identities === undefined) {
      groups.delete(first - 3 * GROUP);
      const blocks = cuts.slice(first, first + GROUP).map((_, i) => first + i);
      identities = pool.run({ kind: "identify", ...placeOf(first), blockSizes: blocks.map(size) });
      groups.set(first, identities);
    }
    return identities;
  }

  async function pack(block: number): Promise<PackResult> {
    const last = block === cuts.length - 1;
    const plainSize = size(block);
    if (earlier !== undefined) {
      const identity = (await identify(block))[block % GROUP]!;
      const packed = await earlier.find({ key: identity.key, plainSize, last });
      if (packed !== undefined) return { packed, ...identity };
    }
    const end = last ? "finish" : "flush";
    const offered = offers[block];
    return pool.run({
      ...{ kind: "pack", ...placeOf(block), blockSize: plainSize, end, withPlain },
      ...(offered !== undefined && { offer: offered }),
    });
  }

  return { pack, size };
}

/** Where each block is that is not among the sample. */
function offersOf({ file, blockSizes, sample }: PackedOffer): (BlockOffer | undefined)[] {
  let position = GZIP_HEADER.length;
  return blockSizes.map((size, i) => {
    const offer = { file, position, size };
    position += size;
    return sample.has(i) ? undefined : offer;
  });
}

/** Counts and digests what passes through to the writer. */
function createTally(out: BlobWriter) {
  const hash = createHash("sha256");
  const relieve = createRelief();
  let size = 0;
  let crc = 0;
  return {
    write(chunk: Uint8Array, chunkCrc = crc32(chunk)): Promise<void> {
      hash.update(chunk);
      crc = crc32Combine(crc, chunkCrc, chunk.length);
      size += chunk.length;
      relieve(chunk.length);
      return out.write(chunk);
    },
    /** To be told of buffers that were let go without being written. */
    dropped: relieve,
    finish: () => ({ digest: `sha256:${hash.digest("hex")}`, size, crc }),
  };
}
