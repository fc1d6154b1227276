import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { PACKING } from "../gzip/deflate.ts";
import { GZIP_HEADER } from "../gzip/format.ts";
import { blobFile, type Store } from "../store/layout.ts";
import { findPackedBlocks } from "../store/records.ts";

/** Packed blocks of an earlier layer, to be found by what they were packed from. */
export interface EarlierBlocks {
  /** @returns the packed bytes of such a block; undefined when there are none, or they are damaged */
  find(block: { key: string; plainSize: number; last: boolean }): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** Opens the layer that was packed last at a place. @returns undefined when there is none, or its blob is gone */
export async function openEarlierBlocks(store: Store, place: string): Promise<EarlierBlocks | undefined> {
  const record = await findPackedBlocks(store, PACKING.name, place);
  const file = record && (await open(blobFile(store, record.digest)).catch(() => undefined));
  if (record === undefined || file === undefined) return undefined;
  const known = new Map<string, Place>();
  let position = GZIP_HEADER.length;
  for (const [i, [key, plainSize, size, crc]] of record.blocks.entries()) {
    known.set(nameOf({ key, plainSize, last: i === record.blocks.length - 1 }), { position, size, crc });
    position += size;
  }
  return {
    async find(block) {
      const place = known.get(nameOf(block));
      return place && readPlace(file, place);
    },
    close: () => file.close(),
  };
}

interface Place {
  readonly position: number;
  readonly size: number;
  readonly crc: number;
}

/** The last block of a stream ends in another way than the others. */
function nameOf({ key, plainSize, last }: { key: string; plainSize: number; last: boolean }): string {
  return `${key} ${plainSize} ${last}`;
}

async function readPlace(file: FileHandle, { position, size, crc }: Place): Promise<Uint8Array | undefined> {
  const bytes = Buffer.allocUnsafeSlow(size);
  const { bytesRead } = await file.read(bytes, 0, size, position);
  return bytesRead === size && crc32(bytes) === crc ? bytes : undefined;
}
