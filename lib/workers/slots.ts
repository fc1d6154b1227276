import { WINDOW } from "../gzip/deflate.ts";
import { packedBound } from "../gzip/parts.ts";
import { MAX_BLOCK } from "../tar/cuts.ts";

/**
 * Memory in which a thread leaves a block to another one: a buffer that is sent would be dropped for each of them. Holds
 * the block's dictionary, its plain bytes and its packed ones, in this order.
 */
export type Slot = Uint8Array<SharedArrayBuffer>;

/** Slots that are used again and again. Not used, they take no memory but that of what was in them. */
export interface Slots {
  /** @param blockSize plain bytes of the block */
  take(blockSize: number): Slot;
  give(slot: Slot): void;
}

interface BlockInSlot {
  readonly slot: Slot;
  readonly dictionarySize: number;
  readonly blockSize: number;
}

export function createSlots(): Slots {
  const free: Slot[] = [];
  return {
    take(blockSize) {
      const size = slotSize(Math.max(blockSize, MAX_BLOCK));
      const slot = free.pop();
      return slot !== undefined && slot.length >= size ? slot : new Uint8Array(new SharedArrayBuffer(size));
    },
    give(slot) {
      free.push(slot);
    },
  };
}

/** Bytes in which every block of a size fits. */
function slotSize(blockSize: number): number {
  return WINDOW + blockSize + Math.ceil(packedBound(blockSize));
}

/** The dictionary and, behind it, the block. */
export function plainPart({ slot, dictionarySize, blockSize }: BlockInSlot): Uint8Array {
  return slot.subarray(0, dictionarySize + blockSize);
}

export function packedPart({ slot, dictionarySize, blockSize }: BlockInSlot, packedSize: number): Uint8Array {
  const start = dictionarySize + blockSize;
  return slot.subarray(start, start + packedSize);
}
