import { type FileHandle, open } from "node:fs/promises";
import {
  Z_BLOCK,
  Z_BUF_ERROR,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from "pako";
import { crc32Combine } from "./crc32.ts";
import { GZIP_TRAILER_SIZE } from "./format.ts";
import { GzipFormatError } from "./members.ts";

/** A change of a file's bytes: at `at`, `remove` bytes (at least one) make room for others. */
export interface Cut {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

/** What makes a gzip file a part of a larger deflate stream, and what it then adds to the trailer of that. */
export interface Joint {
  /** In ascending order, none in another one. */
  readonly cuts: readonly Cut[];
  /** CRC-32 of the plain bytes. */
  readonly crc: number;
}

/** A gzip member, to the bit; offsets from the start of the file. */
interface Member {
  readonly start: number;
  /** Byte where the deflate stream begins. */
  readonly data: number;
  /** Bit that says that the last block is the last one. */
  readonly finalBit: number;
  /** Bit behind the deflate stream. */
  readonly endBit: number;
  /** Byte behind the member. */
  readonly end: number;
  readonly plainSize: number;
}

/**
 * Finds out how a gzip file goes into a longer deflate stream without being packed anew, as zlib's `examples/gzjoin.c`
 * does: header and trailer go, the last block is told that it is not the last one, and an empty stored block (RFC 1951,
 * section 3.2.4) fills up to the next byte. That takes the place of every block, which only unpacking tells.
 *
 * @param file gzip file of one or more members
 * @throws GzipFormatError when it is none
 */
export async function findJoint(file: string): Promise<Joint> {
  const handle = await open(file);
  try {
    const cuts: Cut[] = [];
    let crc = 0;
    for (const member of await findMembers(handle)) {
      cuts.push(...(await cutsOf(handle, member)));
      const trailer = await readAt(handle, member.end - GZIP_TRAILER_SIZE, GZIP_TRAILER_SIZE);
      crc = crc32Combine(crc, trailer.readUInt32LE(0), member.plainSize);
    }
    return { cuts, crc };
  } finally {
    await handle.close();
  }
}

async function cutsOf(handle: FileHandle, { start, data, finalBit, endBit, end }: Member): Promise<Cut[]> {
  const finalByte = Math.floor(finalBit / 8);
  const lastByte = Math.floor(endBit / 8);
  const used = endBit % 8;
  const cleared = (await readAt(handle, finalByte, 1))[0]! & ~(1 << (finalBit % 8));
  const cuts: Cut[] = [{ at: start, remove: data - start, insert: new Uint8Array() }];
  if (finalByte < lastByte) cuts.push({ at: finalByte, remove: 1, insert: Uint8Array.of(cleared) });
  if (used === 0) return [...cuts, { at: lastByte, remove: end - lastByte, insert: new Uint8Array() }];
  const last = finalByte === lastByte ? cleared : (await readAt(handle, lastByte, 1))[0]!;
  // The three bits in front of a stored block's length are zero; they may not fit into this byte.
  const head = 8 - used < 3 ? [0] : [];
  const insert = Uint8Array.of(last & ((1 << used) - 1), ...head, 0, 0, 0xff, 0xff);
  return [...cuts, { at: lastByte, remove: end - lastByte, insert }];
}

const CHUNK = 256 * 1024;
/** Header and trailer are read and checked, too. */
const GZIP_WINDOW = 15 + 16;
/** What `data_type` holds when inflate stops: unused bits of the last byte, the last block, the end of a block. */
const UNUSED_BITS = 7;
const LAST = 64;
const BOUNDARY = 128;

async function findMembers(handle: FileHandle): Promise<Member[]> {
  const stream = new ZStream();
  zlibInflateInit2(stream, GZIP_WINDOW);
  stream.output = new Uint8Array(CHUNK);
  const members: Member[] = [];
  let start = 0;
  let data = -1;
  let block = 0;
  let endBit = 0;
  for (let read = 0; ; ) {
    if (stream.avail_in === 0) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, read);
      if (bytesRead === 0) break;
      read += bytesRead;
      Object.assign(stream, { input: buffer, next_in: 0, avail_in: bytesRead });
    }
    Object.assign(stream, { next_out: 0, avail_out: CHUNK });
    const status = zlibInflate(stream, Z_BLOCK);
    const position = read - stream.avail_in;
    if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) {
      throw new GzipFormatError(`the gzip stream is damaged: ${stream.msg}`);
    }
    if (status === Z_STREAM_END) {
      members.push({ start, data, finalBit: block, endBit, end: position, plainSize: stream.total_out });
      start = position;
      data = -1;
      zlibInflateReset(stream);
    } else if ((stream.data_type & BOUNDARY) !== 0) {
      const bit = position * 8 - (stream.data_type & UNUSED_BITS);
      if (data < 0) data = position;
      if ((stream.data_type & LAST) !== 0) endBit = bit;
      else block = bit;
    }
  }
  if (members.length === 0 || members.at(-1)!.end !== start || data >= 0) {
    throw new GzipFormatError("the gzip stream ends too early");
  }
  return members;
}

async function readAt(handle: FileHandle, position: number, size: number): Promise<Buffer> {
  const { buffer } = await handle.read(Buffer.alloc(size), 0, size, position);
  return buffer;
}
