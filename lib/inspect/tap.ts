import { GzipFormatError } from "../gzip/members.ts";
import { TarFormatError } from "../tar/parser.ts";

/**
 * An error of the file around the one that is being read. Files nest here (tar in gzip in tar), and each level records
 * what is wrong with its own bytes: an error that came up from further out must not be taken for one of them.
 */
export class SourceError extends Error {
  override readonly name = "SourceError";

  constructor(cause: unknown) {
    super("the source failed", { cause });
  }
}

/**
 * A stream that may be left in the middle and read on later, which `for await` forbids: it closes what it leaves. Errors
 * of the source come as {@link SourceError}.
 */
export interface Tap extends AsyncIterable<Uint8Array> {
  /** The first bytes, without taking them: up to `size`, fewer when the stream is shorter. */
  peek(size: number): Promise<Uint8Array>;
  /** Takes all that is left. */
  drain(): Promise<void>;
}

/** @param see is shown every chunk once, in order */
export function createTap(chunks: AsyncIterable<Uint8Array>, see: (chunk: Uint8Array) => void = () => {}): Tap {
  const iterator = chunks[Symbol.asyncIterator]();
  const waiting: Uint8Array[] = [];

  async function pull(): Promise<Uint8Array | undefined> {
    try {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      see(next.value);
      return next.value;
    } catch (error) {
      throw new SourceError(error);
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
      return Buffer.concat(waiting).subarray(0, size);
    },
    async drain() {
      while ((await next()).done !== true);
    },
  };
}

function total(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/**
 * What is wrong with the bytes at this level, as text.
 *
 * @param error what reading them threw; one of another kind is thrown again, a {@link SourceError} as what it holds
 */
export function formatFault(error: unknown): string {
  if (error instanceof TarFormatError || error instanceof GzipFormatError) return error.message;
  throw error instanceof SourceError ? error.cause : error;
}
