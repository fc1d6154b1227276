import { GzipFormatError } from "../gzip/members.ts";
import { TarFormatError } from "../tar/parser.ts";

/** A stream that may be left in the middle and read on later, which `for await` forbids: it closes what it leaves. */
export interface Tap extends AsyncIterable<Uint8Array> {
  /** The first bytes, without taking them: `size`, or fewer when the stream is shorter. */
  peek(size: number): Promise<Uint8Array>;
  /** Takes all that is left. */
  drain(): Promise<void>;
  /** Whether the source threw. */
  failed(): boolean;
}

/** @param see is shown every chunk once, in order */
export function createTap(chunks: AsyncIterable<Uint8Array>, see: (chunk: Uint8Array) => void = () => {}): Tap {
  const iterator = chunks[Symbol.asyncIterator]();
  const waiting: Uint8Array[] = [];
  let failed = false;

  async function pull(): Promise<Uint8Array | undefined> {
    try {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      see(next.value);
      return next.value;
    } catch (error) {
      failed = true;
      throw error;
    }
  }

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = waiting.shift() ?? (await pull());
    return chunk === undefined ? { done: true, value: undefined } : { done: false, value: chunk };
  }

  return {
    [Symbol.asyncIterator]: () => ({ next }),
    async peek(size) {
      for (let have = total(waiting); have < size; ) {
        const chunk = await pull();
        if (chunk === undefined) break;
        waiting.push(chunk);
        have += chunk.length;
      }
      const start = waiting[0] ?? new Uint8Array(0);
      return start.length >= size ? start.subarray(0, size) : Buffer.concat(waiting).subarray(0, size);
    },
    async drain() {
      while ((await next()).done !== true);
    },
    failed: () => failed,
  };
}

function total(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/**
 * What is wrong with the bytes of a tap, as text. Files nest here (tar in gzip in tar), and each level answers for its
 * own bytes: when the source around it failed, or with any other error, the error is thrown again.
 */
export function formatFault(error: unknown, tap: Tap): string {
  if (!tap.failed() && (error instanceof TarFormatError || error instanceof GzipFormatError)) return error.message;
  throw error;
}

/** All bytes of a small member. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** Bytes that are in memory as a stream. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
