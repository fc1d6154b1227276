import zlib from "node:zlib";
import type { BlockEnd } from "./deflate.ts";

/** An empty block that ends a stream (RFC 1951, section 3.2.4). It only fits where a block can begin. */
const STREAM_END = Uint8Array.of(1, 0, 0, 0xff, 0xff);

/**
 * Whether packed bytes unpack to a block and end as its end says, so that they can stand in a raw deflate stream wherever
 * the block does. Not whether they are the bytes that deflate gives here.
 *
 * @param dictionary what stands before the block, up to 32 KiB
 */
export function unpacksTo(packed: Uint8Array, block: Uint8Array, dictionary: Uint8Array, end: BlockEnd): boolean {
  const stream = end === "finish" ? packed : Buffer.concat([packed, STREAM_END]);
  try {
    const { buffer, engine } = inflateWithInfo(stream, {
      chunkSize: Math.max(block.length, zlib.constants.Z_MIN_CHUNK),
      maxOutputLength: block.length,
      ...(dictionary.length > 0 && { dictionary }),
    });
    // Inflate passes over what stands behind the end.
    return engine.bytesWritten === stream.length && Buffer.compare(buffer, block) === 0;
  } catch {
    return false;
  }
}

/** With `info`, Node gives more than its types say. */
function inflateWithInfo(bytes: Uint8Array, options: zlib.ZlibOptions) {
  const result: unknown = zlib.inflateRawSync(bytes, { ...options, info: true });
  return result as { readonly buffer: Buffer; readonly engine: zlib.InflateRaw };
}
