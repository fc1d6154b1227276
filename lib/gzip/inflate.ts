import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import type { BlockEnd } from "./deflate.ts";

/** What begins a stored block of eight bytes that ends a stream (RFC 1951, section 3.2.4). */
const LAST_STORED = Uint8Array.of(1, 8, 0, 0xf7, 0xff);
const STORED_SIZE = 8;

/**
 * Whether packed bytes unpack to a block and end as its end says, so that they can stand in a raw deflate stream wherever
 * the block does. Not whether they are the bytes that deflate gives here.
 *
 * @param dictionary what stands before the block, up to 32 KiB
 */
export function unpacksTo(packed: Uint8Array, block: Uint8Array, dictionary: Uint8Array, end: BlockEnd): boolean {
  if (end === "finish") return gives(packed, block, { dictionary });
  // By themselves they give the block: none of it may come from what stands behind them.
  if (!gives(packed, block, { dictionary, finishFlush: zlib.constants.Z_SYNC_FLUSH })) return false;
  // And another block can follow. Were it taken for a part of the one before, it would not give bytes that nobody knows.
  const next = randomBytes(STORED_SIZE);
  return gives(Buffer.concat([packed, LAST_STORED, next]), Buffer.concat([block, next]), { dictionary });
}

/** Whether a stream gives exactly these bytes, and nothing stands behind its end. */
function gives(stream: Uint8Array, plain: Uint8Array, { dictionary, ...options }: GivesOptions): boolean {
  try {
    const { buffer, engine } = inflateWithInfo(stream, {
      ...options,
      chunkSize: Math.max(plain.length, zlib.constants.Z_MIN_CHUNK),
      maxOutputLength: plain.length,
      ...(dictionary.length > 0 && { dictionary }),
    });
    // Inflate passes over what stands behind the end.
    return engine.bytesWritten === stream.length && Buffer.compare(buffer, plain) === 0;
  } catch {
    return false;
  }
}

interface GivesOptions {
  readonly dictionary: Uint8Array;
  readonly finishFlush?: number;
}

/** With `info`, Node gives more than its types say. */
function inflateWithInfo(bytes: Uint8Array, options: zlib.ZlibOptions) {
  const result: unknown = zlib.inflateRawSync(bytes, { ...options, info: true });
  return result as { readonly buffer: Buffer; readonly engine: zlib.InflateRaw };
}
