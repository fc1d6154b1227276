import { crc32 } from "node:zlib";
import type { TarEntry, TarStream } from "../tar/sequence.ts";

/** Sizes of blocks in bytes. They and the rules below are part of the packing rule: they decide about packed bytes. */
export const BLOCK_SIZE = 128 * 1024;
const MIN_BLOCK = 64 * 1024;
const MAX_BLOCK = 192 * 1024;

/**
 * Where the tar file of a tree is cut into blocks, the end of the file included. Cuts lie where entries begin, at paths
 * that are chosen by their hash, so that behind an insertion or a removal the same cuts are met again soon, and with
 * them the same blocks; only inside large files do they follow by distance.
 */
export function cutTree(entries: readonly Pick<TarEntry, "path">[], { starts, size }: Omit<TarStream, "segments">) {
  const cuts: number[] = [];
  let start = 0;
  const cut = (at: number) => {
    cuts.push(at);
    start = at;
  };
  for (const [i, { path }] of entries.entries()) {
    const at = starts[i]!;
    const next = starts[i + 1] ?? size;
    const large = next - at > MAX_BLOCK;
    const full = at - start >= MIN_BLOCK && (crc32(path) % 4 === 0 || next - start > MAX_BLOCK);
    if (at > start && (large || full)) cut(at);
    while (next - start > MAX_BLOCK) cut(start + BLOCK_SIZE);
  }
  cuts.push(size);
  return cuts;
}

/** Cuts at equal distances, for a stream of which nothing but its size is known. */
export function cutEvenly(size: number): number[] {
  const cuts: number[] = [];
  for (let at = BLOCK_SIZE; at < size; at += BLOCK_SIZE) cuts.push(at);
  cuts.push(size);
  return cuts;
}
