import type { Holder } from "../export/source.ts";
import { readGzip } from "../gzip/members.ts";
import { type ImportLayer, type LayerContent, readSegment } from "../import/layer.ts";
import { changedError, readingError, visitMembers } from "../import/members.ts";
import type { Member } from "../inspect/archive.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { BLOCK } from "../tar/header.ts";
import type { FoundEntry } from "../tar/parser.ts";
import { readTar } from "../tar/reader.ts";
import type { FileSegment } from "../tar/sequence.ts";
import { createSpool } from "../unpack/spool.ts";
import { cleanPath } from "../unpack/tree-index.ts";
import type { OpenedImage } from "./image.ts";
import type { Origin } from "./merge.ts";

/** What only the layer itself tells of an entry. */
export interface Taken {
  readonly entry: FoundEntry;
  /** Of a file that is not empty. */
  readonly content?: FileSegment;
}

export interface TakeOptions extends ReadOptions {
  /** A file for what has to be unpacked; must not be there yet. */
  readonly spool: string;
}

/**
 * Reads the layers that entries are in once more. Contents that lie plain in a file that is not packed stay where they
 * are; the others are written to the spool, and nothing else is.
 *
 * @throws AircrateError integrity when a file changed since it was read
 */
export async function takeEntries(
  { source, image }: Pick<OpenedImage, "source" | "image">,
  origins: Iterable<Origin>,
  { spool: file, signal }: TakeOptions,
): Promise<ReadonlyMap<Origin, Taken>> {
  const taken = new Map<Origin, Taken>();
  const spool = createSpool(file);
  const spooled = async (bytes: AsyncIterable<Uint8Array>, size: number) => {
    const offset = spool.position();
    for await (const chunk of bytes) {
      signal?.throwIfAborted();
      spool.write(chunk);
    }
    return { file, offset, size };
  };
  const byHolder = groupByHolder(origins, { source, image });
  try {
    for (const [{ scan, archive }, layers] of byHolder) {
      await visitMembers(scan, archive, {
        ...{ wanted: new Set(layers.keys()), signal },
        async visit(member, content) {
          const { layer, wanted } = layers.get(member)!;
          await readLayer(content, { layer, file: scan.file, signal }, async (entry, bytes, place) => {
            signal?.throwIfAborted();
            const found = wanted.next(cleanPath(entry.path));
            if (found.length === 0) return;
            const known = entry.size === 0 ? undefined : (place ?? (await spooled(bytes, entry.size)));
            for (const origin of found) taken.set(origin, { entry, ...(known !== undefined && { content: known }) });
          });
          wanted.requireAll(scan.file);
        },
      });
    }
    spool.flush();
    return taken;
  } finally {
    spool.close();
  }
}

interface WantedLayer {
  readonly layer: ImportLayer;
  readonly wanted: Wanted;
}

function groupByHolder(
  origins: Iterable<Origin>,
  { source, image }: Pick<OpenedImage, "source" | "image">,
): ReadonlyMap<Holder, ReadonlyMap<Member, WantedLayer>> {
  const groups = new Map<Holder, Map<Member, WantedLayer>>();
  for (const origin of origins) {
    const layer = image.layers[origin.layer]!;
    const holder = source.holderOf(layer.member);
    const layers = groups.get(holder) ?? new Map<Member, WantedLayer>();
    groups.set(holder, layers);
    const group = layers.get(layer.member) ?? { layer, wanted: createWanted() };
    layers.set(layer.member, group);
    group.wanted.add(origin);
  }
  return groups;
}

type Wanted = ReturnType<typeof createWanted>;

/** The entries of a layer that are wanted. An image may have the layer twice, and then some of them stand there twice. */
function createWanted() {
  const wanted = new Map<string, Origin[]>();
  const seen = new Map<string, number>();
  let left = 0;
  return {
    add(origin: Origin): void {
      const { path } = origin.entry;
      wanted.set(path, [...(wanted.get(path) ?? []), origin]);
      left += 1;
    },
    /** What is wanted of the next entry in the layer. */
    next(path: string): readonly Origin[] {
      const origins = wanted.get(path);
      if (origins === undefined) return [];
      const times = (seen.get(path) ?? 0) + 1;
      seen.set(path, times);
      if (times !== origins[0]!.times) return [];
      left -= origins.length;
      return origins;
    },
    requireAll(file: string): void {
      if (left > 0) throw changedError(file, `${left} entries of a layer are not there any more`);
    },
  };
}

type VisitEntry = (
  entry: FoundEntry,
  bytes: AsyncIterable<Uint8Array>,
  place: FileSegment | undefined,
) => Promise<void>;

/** @param visit is told the place of an entry's content where that can be read without unpacking */
async function readLayer(
  content: LayerContent,
  { layer: { packed }, file, signal }: ReadOptions & { layer: ImportLayer; file: string },
  visit: VisitEntry,
): Promise<void> {
  const chunks = "chunks" in content ? content.chunks : readSegment(content.segment, signal);
  const plain = "segment" in content && !packed ? content.segment : undefined;
  try {
    await readTar(packed ? readGzip(chunks) : chunks, (entry, bytes) => {
      const { offset, size } = entry;
      const place = plain && { file: plain.file, offset: plain.offset + offset + BLOCK, size };
      return visit(entry, bytes, place);
    });
  } catch (error) {
    throw readingError(error, file);
  }
}
