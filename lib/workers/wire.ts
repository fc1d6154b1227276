import type { Segment } from "../tar/sequence.ts";

/**
 * Segments on their way to a thread: two buffers, which move there instead of being copied. A list of as many objects
 * would be cloned one by one, which takes longer than to read the small files that they stand for.
 */
export interface Wire {
  /** Numbers of each segment in turn, see {@link FIELDS}. */
  readonly table: Float64Array<ArrayBuffer>;
  /** The bytes of each segment in turn; of a file its path, in UTF-8. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Size in `data`, then of a file: offset, size, and modification time in ms or NaN; of bytes NaN and nothing. */
const FIELDS = 4;

export function encodeSegments(segments: readonly Segment[]): Wire {
  const table = new Float64Array(segments.length * FIELDS);
  let size = 0;
  for (const segment of segments) {
    size += "bytes" in segment ? segment.bytes.length : Buffer.byteLength(segment.file);
  }
  const data = Buffer.from(new ArrayBuffer(size));
  let at = 0;
  for (const [i, segment] of segments.entries()) {
    const start = at;
    if ("bytes" in segment) {
      data.set(segment.bytes, at);
      at += segment.bytes.length;
      table[i * FIELDS + 1] = Number.NaN;
    } else {
      at += data.write(segment.file, at);
      table[i * FIELDS + 1] = segment.offset;
      table[i * FIELDS + 2] = segment.size;
      table[i * FIELDS + 3] = segment.mtimeMs ?? Number.NaN;
    }
    table[i * FIELDS] = at - start;
  }
  return { table, data };
}

/** The segments that were encoded. Their bytes are parts of the wire's. */
export function decodeSegments({ table, data }: Wire): Segment[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const segments: Segment[] = [];
  let at = 0;
  for (let i = 0; i < table.length; i += FIELDS) {
    const end = at + table[i]!;
    const [offset, size, mtimeMs] = [table[i + 1]!, table[i + 2]!, table[i + 3]!];
    if (Number.isNaN(offset)) segments.push({ bytes: bytes.subarray(at, end) });
    else {
      const file = bytes.toString("utf8", at, end);
      segments.push({ file, offset, size, ...(!Number.isNaN(mtimeMs) && { mtimeMs }) });
    }
    at = end;
  }
  return segments;
}
