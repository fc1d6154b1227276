import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import { GZIP_HEADER, GZIP_TRAILER_SIZE } from "./format.ts";

/** The bytes are no gzip file, a damaged one, or one with something behind its end. */
export class GzipFormatError extends Error {
  override readonly name = "GzipFormatError";
}

/** Where a member of a gzip file begins, in both forms; the last one reported is the end of the file. */
export interface GzipBoundary {
  readonly packed: number;
  readonly plain: number;
}

/** Flags of the member header, RFC 1952, section 2.3.1. */
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED = 0xe0;

/** A name or comment beyond this is an attack. */
const MAX_TEXT = 64 * 1024;
const CHUNK = 64 * 1024;

/**
 * Unpacks a gzip file of any number of members (RFC 1952, section 2.2). CRC-32 and size of every member are checked, and
 * that nothing stands behind the last one: `node:zlib` alone passes over what follows a zero byte. Memory is a few
 * chunks. The source is not closed when reading ends early, so that its owner can read on.
 *
 * @param onBoundary called where each member begins and where the file ends
 * @throws GzipFormatError from the iteration
 */
export async function* readGzip(
  chunks: AsyncIterable<Uint8Array>,
  onBoundary: (boundary: GzipBoundary) => void = () => {},
): AsyncGenerator<Uint8Array, void> {
  const source = createSource(chunks);
  let plain = 0;
  for (let first = true; ; first = false) {
    const packed = source.position();
    if (!first && (await source.peek()) === undefined) {
      onBoundary({ packed, plain });
      return;
    }
    await skipHeader(source, first);
    onBoundary({ packed, plain });
    let crc = 0;
    const start = plain;
    for await (const bytes of inflateMember(source)) {
      crc = crc32(bytes, crc);
      plain += bytes.length;
      yield bytes;
    }
    const trailer = Buffer.from(await source.take(GZIP_TRAILER_SIZE));
    const where = `the gzip member at byte ${packed}`;
    if (trailer.readUInt32LE(0) !== crc) throw new GzipFormatError(`${where} does not match its CRC-32`);
    if (trailer.readUInt32LE(4) !== (plain - start) % 2 ** 32) {
      throw new GzipFormatError(`${where} does not match its size`);
    }
  }
}

async function skipHeader(source: Source, first: boolean): Promise<void> {
  const at = source.position();
  const magic = (await source.peek())?.[0] === GZIP_HEADER[0];
  if (!magic && first) throw new GzipFormatError("is not packed with gzip");
  if (!magic) throw new GzipFormatError(`bytes that are no gzip follow its end at byte ${at}`);
  const header = await source.take(GZIP_HEADER.length);
  if (header[1] !== GZIP_HEADER[1]) {
    throw new GzipFormatError(
      first ? "is not packed with gzip" : `bytes that are no gzip follow its end at byte ${at}`,
    );
  }
  const flags = header[3]!;
  if (header[2] !== 8 || (flags & RESERVED) !== 0) {
    throw new GzipFormatError(`the gzip member at byte ${at} has an unknown method or flag`);
  }
  let crc = crc32(header);
  if ((flags & FEXTRA) !== 0) {
    const size = await source.take(2);
    const extra = await source.take(size[0]! + size[1]! * 256);
    crc = crc32(extra, crc32(size, crc));
  }
  for (const flag of [FNAME, FCOMMENT]) {
    if ((flags & flag) !== 0) crc = crc32(await takeText(source), crc);
  }
  if ((flags & FHCRC) === 0) return;
  const check = await source.take(2);
  if (check[0]! + check[1]! * 256 !== (crc & 0xffff)) {
    throw new GzipFormatError(`the header of the gzip member at byte ${at} does not match its CRC`);
  }
}

/** Bytes up to and with the next NUL. */
async function takeText(source: Source): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let size = 0; size <= MAX_TEXT; ) {
    const chunk = await source.peek();
    if (chunk === undefined) throw new GzipFormatError("the gzip stream ends too early");
    const end = chunk.indexOf(0);
    const part = end < 0 ? chunk : chunk.subarray(0, end + 1);
    parts.push(part);
    size += part.length;
    source.advance(part.length);
    if (end >= 0) return Buffer.concat(parts);
  }
  throw new GzipFormatError("a gzip header does not end");
}

/** The plain bytes of one raw deflate stream; afterwards the source stands right behind it. */
async function* inflateMember(source: Source): AsyncGenerator<Uint8Array, void> {
  const start = source.position();
  const inflate = createInflateRaw({ chunkSize: CHUNK });
  const signal = createSignal(inflate);
  let taken = 0;
  let writing = false;
  // What zlib left of a chunk shows that the stream ended in it.
  const advance = () => {
    source.advance(inflate.bytesWritten - taken);
    taken = inflate.bytesWritten;
  };
  try {
    for (let given = 0; ; ) {
      const bytes = inflate.read() as Buffer | null;
      if (bytes !== null) {
        yield bytes;
        continue;
      }
      if (signal.failure() !== undefined) throw damaged(signal.failure()!, start);
      if (signal.ended()) break;
      if (!writing && inflate.bytesWritten === given && !inflate.writableEnded) {
        advance();
        const input = (await source.peek())?.subarray(0, CHUNK);
        if (input === undefined) {
          inflate.end();
        } else {
          writing = true;
          given += input.length;
          inflate.write(input, () => {
            writing = false;
            signal.raise();
          });
        }
      }
      await signal.wait();
    }
    advance();
  } finally {
    inflate.destroy();
  }
}

function damaged(error: Error, at: number): GzipFormatError {
  const ends = (error as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
  return new GzipFormatError(
    ends ? "the gzip stream ends too early" : `the gzip stream at byte ${at} is damaged: ${error.message}`,
    { cause: error },
  );
}

/** Waits for anything to happen to a stream; what happened before the wait counts. */
function createSignal(stream: InflateRaw) {
  let raised = false;
  let wake: (() => void) | undefined;
  let ended = false;
  let failure: Error | undefined;
  const raise = () => {
    raised = true;
    wake?.();
  };
  stream.on("readable", raise);
  stream.on("end", () => {
    ended = true;
    raise();
  });
  stream.on("error", (error) => {
    failure = error;
    raise();
  });
  return {
    raise,
    ended: () => ended,
    failure: () => failure,
    async wait() {
      if (!raised) await new Promise<void>((resolve) => (wake = resolve));
      raised = false;
      wake = undefined;
    },
  };
}

/** A stream of chunks as a stream of bytes. */
interface Source {
  position(): number;
  /** What is left of the chunk, or of the next one that is not empty; undefined at the end. */
  peek(): Promise<Uint8Array | undefined>;
  /** Passes over bytes of the chunk that was peeked at. */
  advance(size: number): void;
  take(size: number): Promise<Uint8Array>;
}

function createSource(chunks: AsyncIterable<Uint8Array>): Source {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  let position = 0;
  let done = false;

  async function peek(): Promise<Uint8Array | undefined> {
    while (chunk.length === 0 && !done) {
      const next = await iterator.next();
      if (next.done === true) done = true;
      else chunk = next.value;
    }
    return chunk.length === 0 ? undefined : chunk;
  }

  function advance(size: number): void {
    chunk = chunk.subarray(size);
    position += size;
  }

  return {
    position: () => position,
    peek,
    advance,
    async take(size) {
      const bytes = new Uint8Array(size);
      for (let filled = 0; filled < size; ) {
        const available = await peek();
        if (available === undefined) throw new GzipFormatError("the gzip stream ends too early");
        const part = available.subarray(0, size - filled);
        bytes.set(part, filled);
        filled += part.length;
        advance(part.length);
      }
      return bytes;
    },
  };
}
