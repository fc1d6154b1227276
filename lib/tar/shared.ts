import { type Segment, segmentSize } from "./sequence.ts";

/**
 * A stream before it is read, in memory that threads share: a job names a part of it, and its thread finds out by itself
 * what that is made of. A list of segments would be cloned for every job, object by object.
 */
export interface SharedStream {
  /** Bytes of the whole stream. */
  readonly size: number;
  /** Numbers of each segment in turn, see {@link FIELDS}. */
  readonly table: Float64Array<SharedArrayBuffer>;
  /** The bytes of each segment in turn; of a file its path, in UTF-8. */
  readonly data: Uint8Array<SharedArrayBuffer>;
}

/** Start in the stream, size, start in `data`; of a file also its offset, else NaN, and its time in ms or NaN. */
const FIELDS = 5;

export function shareSegments(segments: readonly Segment[]): SharedStream {
  let length = 0;
  for (const segment of segments) {
    length += "bytes" in segment ? segment.bytes.length : Buffer.byteLength(segment.file);
  }
  const table = new Float64Array(new SharedArrayBuffer(segments.length * FIELDS * Float64Array.BYTES_PER_ELEMENT));
  const data = Buffer.from(new SharedArrayBuffer(length));
  let size = 0;
  let at = 0;
  let field = 0;
  for (const segment of segments) {
    table[field] = size;
    table[field + 1] = segmentSize(segment);
    table[field + 2] = at;
    table[field + 3] = "bytes" in segment ? Number.NaN : segment.offset;
    table[field + 4] = "bytes" in segment ? Number.NaN : (segment.mtimeMs ?? Number.NaN);
    if ("bytes" in segment) {
      data.set(segment.bytes, at);
      at += segment.bytes.length;
    } else {
      at += data.write(segment.file, at);
    }
    size += segmentSize(segment);
    field += FIELDS;
  }
  return { size, table, data: new Uint8Array(data.buffer) };
}

/** The part `[start, end)` of the stream, found in time logarithmic in the number of its segments. */
export function sliceShared({ size, table, data }: SharedStream, start: number, end: number): Segment[] {
  const count = table.length / FIELDS;
  const startOf = (i: number) => table[i * FIELDS]!;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (startOf(middle) <= start) low = middle;
    else high = middle - 1;
  }
  const slice: Segment[] = [];
  for (let i = low; i < count && startOf(i) < Math.min(end, size); i += 1) {
    const [first, length, at, offset, mtimeMs] = table.subarray(i * FIELDS, (i + 1) * FIELDS) as unknown as Fields;
    const from = Math.max(start - first, 0);
    const to = Math.min(end - first, length);
    if (from >= to) continue;
    if (Number.isNaN(offset)) {
      slice.push({ bytes: data.subarray(at + from, at + to) });
      continue;
    }
    const next = i + 1 < count ? table[(i + 1) * FIELDS + 2]! : data.length;
    const file = Buffer.from(data.buffer, at, next - at).toString("utf8");
    slice.push({ file, offset: offset + from, size: to - from, ...(!Number.isNaN(mtimeMs) && { mtimeMs }) });
  }
  return slice;
}

type Fields = [first: number, length: number, at: number, offset: number, mtimeMs: number];
