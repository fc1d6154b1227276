import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { PackedBlocks } from "../../spec/store.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import { PACKING, WINDOW } from "../gzip/deflate.ts";
import { GZIP_HEADER, gzipTrailer } from "../gzip/format.ts";
import { type BlobWriter, createBlobWriter, type Store } from "../store/layout.ts";
import { recordPackedBlocks } from "../store/records.ts";
import type { SharedStream } from "../tar/shared.ts";
import type { BlockIdentity, BlockOffer, PackJob } from "../workers/jobs.ts";
import { createRelief } from "../workers/memory.ts";
import type { WorkPool } from "../workers/pool.ts";
import { packedPart, plainPart } from "../workers/slots.ts";
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
export function packStream(
  store: Store,
  pool: WorkPool,
  { check = () => {}, ...options }: PackOptions & { check?: (packed: PackedStream) => void },
): Promise<PackedStream> {
  const { cuts, place, withDigest, offer, onBytes } = options;
  return pool.packing(async () => {
    const alone = place === undefined || withDigest === true || offer !== undefined;
    const earlier = alone ? undefined : await openEarlierBlocks(store, place);
    try {
      // The threads need not wait for the file.

      const packer = startPacker(pool, { ...options, earlier });
      const out = await createBlobWriter(store);
      try {
        const { packed, blocks } = await writeBlocks(out, cuts, packer, { withDigest: withDigest === true, onBytes });

        check(packed);
        await out.commit(packed.digest);
        if (place !== undefined) {
          await recordPackedBlocks(store, PACKING.name, { place, version: 1, digest: packed.digest, blocks });
        }
        return packed;
      } finally {
        await out.abort();
      }
    } finally {
      await earlier?.close();
    }
  });
}

/** Writes the blocks as one gzip file. */
async function writeBlocks(
  out: BlobWriter,
  cuts: readonly number[],
  packer: Packer,
  { withDigest, onBytes }: { withDigest: boolean; onBytes: PackOptions["onBytes"] },
): Promise<{ packed: PackedStream; blocks: PackedBlocks["blocks"] }> {
  const blob = createTally(out);
  const blocks: PackedBlocks["blocks"] = [];
  const plainHash = withDigest ? createHash("sha256") : undefined;
  let plainCrc = 0;
  await blob.write(GZIP_HEADER);
  for (const [i, end] of cuts.entries()) {
    const { packed, key, crc, plain, release } = await packer.next();
    if (plain !== undefined) plainHash?.update(plain);
    const plainSize = end - (cuts[i - 1] ?? 0);
    plainCrc = crc32Combine(plainCrc, crc, plainSize);
    const packedCrc = crc32(packed);
    blocks.push([key, plainSize, packed.length, packedCrc]);
    await blob.write(packed, packedCrc);
    release();
    onBytes?.(plainSize);
  }
  const plainSize = cuts.at(-1)!;
  await blob.write(gzipTrailer(plainCrc, plainSize));
  const plainSha256 = plainHash?.digest("hex");
  const packed = { ...blob.finish(), plainSize, plainCrc, ...(plainSha256 !== undefined && { plainSha256 }) };
  return { packed, blocks };
}

interface PackerOptions extends Pick<PackOptions, "stream" | "cuts" | "offer"> {
  readonly earlier: EarlierBlocks | undefined;
}

/** Gives the blocks of a stream packed, in order. */
interface Packer {
  /** Asked as often as there are blocks. */
  next(): Promise<PackedBlock>;
}

interface PackedBlock extends BlockIdentity {
  readonly packed: Uint8Array;
  /** The plain bytes, unless the block was packed before. */
  readonly plain?: Uint8Array;
  /** The bytes are used no longer. */
  release(): void;
}

/** Begins to take each block from an earlier layer when it is there, else to have it packed by the pool. */
function startPacker(pool: WorkPool, { stream, cuts, earlier, offer }: PackerOptions): Packer {
  const width = pool.capacity + 1 + (earlier === undefined ? 0 : 2 * GROUP);
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

  async function pack(block: number): Promise<PackedBlock> {
    const last = block === cuts.length - 1;
    const plainSize = size(block);
    if (earlier !== undefined) {
      const identity = (await identify(block))[block % GROUP]!;
      const packed = await earlier.find({ key: identity.key, plainSize, last });
      if (packed !== undefined) return { packed, ...identity, release() {} };
    }
    const end = last ? "finish" : "flush";
    const offered = offers[block];
    const slot = pool.slots.take(plainSize);
    const job: PackJob = {
      ...{ kind: "pack", ...placeOf(block), blockSize: plainSize, end, slot },
      ...(offered !== undefined && { offer: offered }),
    };
    const { packedSize, ...identity } = await pool.run(job);
    return {
      ...identity,
      packed: packedPart(job, packedSize),
      plain: plainPart(job).subarray(job.dictionarySize),
      release: () => pool.slots.give(slot),
    };
  }

  const running: Promise<PackedBlock>[] = [];
  let begun = 0;
  const fill = () => {
    for (; begun < cuts.length && running.length < width; begun += 1) {
      const block = pack(begun);
      // Failures surface in order when the block is collected.
      block.catch(() => {});
      running.push(block);
    }
  };
  fill();
  return {
    next() {
      fill();
      return running.shift()!;
    },
  };
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
    finish: () => ({ digest: `sha256:${hash.digest("hex")}`, size, crc }),
  };
}
