import { createHash } from "node:crypto";
import zlib from "node:zlib";

/**
 * The rule by which layers are packed. Its name is part of the key under which a packed layer is found again, so any
 * change of bytes needs a new name.
 */
export const PACKING = {
  name: "gzip-4",
  level: 5,
  // Shorter Huffman blocks than zlib's own choice, 8: programs change their kind of content often, and come out smaller.
  memLevel: 7,
} as const;

/** How far back deflate can refer: the dictionary that joins one block to the one before it. */
export const WINDOW = 32 * 1024;

/** How a block ends: `flush` on a byte boundary so that another may follow, `finish` as the last of its stream. */
export type BlockEnd = "flush" | "finish";

/** Packs one block of a raw deflate stream (RFC 1951); `dictionary` is what stands before it, up to 32 KiB. */
export type DeflateBlock = (block: Uint8Array, dictionary: Uint8Array, end: BlockEnd) => Uint8Array;

/**
 * The reference: its bytes are the ones that count. Loaded where it is needed only. Every block gets a state of its own:
 * one that is reset (`zlibDeflateReset`) does not give the same bytes for all blocks.
 */
export async function loadPako(): Promise<DeflateBlock> {
  const { Deflate, Z_FINISH, Z_SYNC_FLUSH } = await import("pako");
  return (block, dictionary, end) => {
    const deflate = new Deflate({
      level: PACKING.level,
      memLevel: PACKING.memLevel,
      raw: true,
      chunkSize: outputBound(block.length),
      ...(dictionary.length > 0 && { dictionary }),
    });
    const chunks: Uint8Array[] = [];
    deflate.onData = (chunk) => chunks.push(chunk);
    deflate.push(block, end === "finish" ? Z_FINISH : Z_SYNC_FLUSH);
    if (deflate.err !== 0) throw new Error(`deflate failed: ${deflate.msg}`);
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  };
}

/** Node's own zlib, 2.5 times as fast. Only for use where {@link nativeGivesPakoBytes} holds. */
export const deflateWithNode: DeflateBlock = (block, dictionary, end) =>
  zlib.deflateRawSync(block, {
    level: PACKING.level,
    memLevel: PACKING.memLevel,
    chunkSize: outputBound(block.length),
    finishFlush: end === "finish" ? zlib.constants.Z_FINISH : zlib.constants.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 && { dictionary }),
  });

/** The fastest way here that gives pako's bytes, or the one that is told. */
export async function selectDeflate(native = nativeGivesPakoBytes()): Promise<DeflateBlock> {
  return native ? deflateWithNode : loadPako();
}

/** SHA-256 of what pako makes of {@link knownInput}; test/gzip derives it from pako. */
export const KNOWN_ANSWER = "162c36ca44a9f8aa9b7426e56d69eb594edb9ed257301fcc0bfb377bccff90e7";

let native: boolean | undefined;

/**
 * Whether this Node's zlib packs as pako does. Official builds do; a distribution's build may link another zlib (Node's
 * own version string does not tell). So it is tried out, once a process, on a fixed input.
 */
export function nativeGivesPakoBytes(): boolean {
  native ??= knownAnswer(deflateWithNode) === KNOWN_ANSWER;
  return native;
}

export function knownAnswer(deflate: DeflateBlock): string {
  const input = knownInput();
  const half = input.length / 2;
  const first = input.subarray(0, half);
  const hash = createHash("sha256");
  hash.update(deflate(first, new Uint8Array(0), "flush"));
  hash.update(deflate(input.subarray(half), first.subarray(half - WINDOW), "finish"));
  return hash.digest("hex");
}

/** 80 KiB that exercise every kind of match: literals, short and long repeats, near and far, runs. */
function knownInput(): Uint8Array {
  const input = new Uint8Array(80 * 1024);
  let state = 1;
  const next = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  let at = 0;
  while (at < input.length) {
    const length = Math.min(input.length - at, 1 + next(next(8) === 0 ? 600 : 24));
    const kind = next(4);
    if (kind === 0 && at > 0) {
      const distance = 1 + next(Math.min(at, WINDOW));
      for (let i = 0; i < length; i += 1) input[at + i] = input[at + i - distance]!;
    } else if (kind === 1) {
      input.fill(next(256), at, at + length);
    } else {
      for (let i = 0; i < length; i += 1) input[at + i] = 97 + next(kind === 2 ? 6 : 26);
    }
    at += length;
  }
  return input;
}

/**
 * A size of output buffer in which every packed block fits: deflate grows incompressible data by 5 bytes in 8 KiB. A
 * second buffer is more than waste: when a flush marker straddles two, zlib writes another one (zlib.h, `deflate`), and
 * the bytes would depend on the size of the buffer.
 */
export function outputBound(size: number): number {
  return size + (size >> 8) + 1024;
}
