import { crc32 } from "node:zlib";
import type { TarEntry, TarStream } from "./sequence.ts";

/** Sizes of blocks in bytes. They and the rules below are part of the packing rule: they decide about packed bytes. */
export const BLOCK_SIZE = 128 * 1024;
const MIN_BLOCK = 64 * 1024;
/** No block is larger. */
export const MAX_BLOCK = 192 * 1024;

/**
 * Finds where a tar file is cut into blocks while its entries go by. Cuts lie where entries begin, at paths that are
 * chosen by their hash, so that behind an insertion or a removal the same cuts are met again soon, and with them the same
 * blocks; only inside large files do they follow by distance. The bytes of the tar file alone decide about them.
 */
export interface Cutter {
  /** @param start where the headers of the entry begin; the first one's at 0, the next one's behind its content */
  add(path: string, start: number): void;
  /** @returns the ends of the blocks, ascending; the last one is the size of the file */
  finish(size: number): number[];
}

export function createCutter(): Cutter {
  const cuts: number[] = [];
  let start = 0;
  let last: { path: string; at: number } | undefined;
  const cut = (at: number) => {
    cuts.push(at);
    start = at;
  };
  /** What is known of an entry once it is known where the next one begins. */
  const settle = ({ path, at }: { path: string; at: number }, next: number) => {
    const large = next - at > MAX_BLOCK;
    const full = at - start >= MIN_BLOCK && (crc32(path) % 4 === 0 || next - start > MAX_BLOCK);
    if (at > start && (large || full)) cut(at);
    while (next - start > MAX_BLOCK) cut(start + BLOCK_SIZE);
  };
  return {
    add(path, at) {
      if (last !== undefined) settle(last, at);
      last = { path, at };
    },
    finish(size) {
      settle(last ?? { path: "", at: 0 }, size);
      cuts.push(size);
      return cuts;
    },
  };
}

/** The cuts of a tar file with these entries. */
export function cutTree(entries: readonly Pick<TarEntry, "path">[], { starts, size }: Omit<TarStream, "segments">) {
  const cutter = createCutter();
  for (const [i, { path }] of entries.entries()) cutter.add(path, starts[i]!);
  return cutter.finish(size);
}
