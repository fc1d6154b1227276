import { crc32 } from "node:zlib";
import { GZIP_HEADER, GZIP_TRAILER_SIZE, gzipTrailer } from "./format.ts";

/** Largest stored block of a deflate stream (RFC 1951, section 3.2.4). */
export const MAX_STORED = 65_535;
export const STORED_HEADER_SIZE = 5;

/** A gzip member whose deflate stream consists of stored blocks. */
export function storedMember(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([GZIP_HEADER, ...storedBlocks(bytes, true), gzipTrailer(crc32(bytes), bytes.length)]);
}

/** Stored blocks with these bytes. @param final whether the last of them ends the deflate stream */
export function storedBlocks(bytes: Uint8Array, final: boolean): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += MAX_STORED) {
    const block = bytes.subarray(at, at + MAX_STORED);
    parts.push(storedHeader(block.length, final && at + MAX_STORED >= bytes.length), block);
  }
  return parts;
}

/** Size of what {@link storedMember} makes of this many bytes: known without them. */
export function storedMemberSize(size: number): number {
  const blocks = Math.max(Math.ceil(size / MAX_STORED), 1);
  return GZIP_HEADER.length + blocks * STORED_HEADER_SIZE + size + GZIP_TRAILER_SIZE;
}

export function storedHeader(size: number, final: boolean): Uint8Array {
  const inverse = ~size & 0xffff;
  return Uint8Array.of(final ? 1 : 0, size & 0xff, size >> 8, inverse & 0xff, inverse >> 8);
}
