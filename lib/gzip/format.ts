/** The gzip file format, RFC 1952, as far as we write it. */

/** Method deflate, no flags, no time, no extra flags, operating system unknown: no byte depends on the machine. */
export const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

export const GZIP_TRAILER_SIZE = 8;

/** CRC-32 of the plain bytes and their count modulo 2^32, both little-endian. */
export function gzipTrailer(crc: number, plainSize: number): Uint8Array {
  const trailer = Buffer.alloc(GZIP_TRAILER_SIZE);
  trailer.writeUInt32LE(crc >>> 0, 0);
  trailer.writeUInt32LE(plainSize % 2 ** 32, 4);
  return trailer;
}
