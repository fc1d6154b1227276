import type { ArchiveScan } from "../inspect/archive.ts";
import type { PackedRange } from "../inspect/image-facts.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import type { FileScan } from "../inspect/scan.ts";
import { TarFormatError } from "../tar/parser.ts";
import { readArchive } from "./members.ts";

export type VisitRange<T> = (one: T, packed: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Goes to packed members of an archive that was joined of them, in one more reading of the file.
 *
 * @param ranges in any order; they must not overlap
 * @throws AircrateError integrity when the file changed since it was scanned; what the visitor throws
 */
export async function visitRanges<T extends { readonly range: PackedRange }>(
  scan: FileScan,
  archive: ArchiveScan,
  { ranges, visit, signal }: ReadOptions & { ranges: readonly T[]; visit: VisitRange<T> },
): Promise<void> {
  if (ranges.length === 0) return;
  const sorted = [...ranges].sort((a, b) => a.range.start - b.range.start);
  const read = async (chunks: AsyncIterable<Uint8Array>) => {
    const reader = createRangeReader(chunks);
    for (const one of sorted) await visit(one, reader.read(one.range));
  };
  await readArchive(scan, archive, { read, signal });
}

/** Reads ranges of a stream, each behind the one before it. */
function createRangeReader(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  let position = 0;

  /** @throws TarFormatError when the stream ends before that */
  async function* upTo(end: number): AsyncGenerator<Uint8Array, void> {
    while (position < end) {
      if (chunk.length === 0) {
        const next = await iterator.next();
        if (next.done === true) throw new TarFormatError("a layer is not there any more");
        chunk = next.value;
      }
      const part = chunk.subarray(0, end - position);
      chunk = chunk.subarray(part.length);
      position += part.length;
      yield part;
    }
  }

  return {
    async *read({ start, end }: PackedRange): AsyncGenerator<Uint8Array, void> {
      for await (const _ of upTo(start));
      yield* upTo(end);
    },
  };
}
