import { cutTree } from "../../lib/tar/cuts.ts";
import { type TarEntry, tarStream } from "../../lib/tar/sequence.ts";
import { type SharedStream, shareSegments } from "../../lib/tar/shared.ts";
import { createTreeIndexer } from "../../lib/unpack/tree-index.ts";

/** What `buildLayer` takes. */
export interface LayerToBuild {
  readonly stream: SharedStream;
  readonly cuts: readonly number[];
}

export function treeToBuild(entries: readonly TarEntry[]): LayerToBuild {
  const { segments, ...layout } = tarStream(entries);
  return { stream: shareSegments(segments), cuts: cutTree(entries, layout) };
}

export function tarToBuild(tar: Uint8Array): LayerToBuild {
  const indexer = createTreeIndexer();
  indexer.write(tar);
  return { stream: shareSegments([{ bytes: tar }]), cuts: indexer.finish().cuts };
}

/** Bytes that are no tar file: they are cut as the content of one large file is. */
export function bytesToBuild(bytes: Uint8Array): LayerToBuild {
  return { stream: shareSegments([{ bytes }]), cuts: cutTree([], { starts: [], size: bytes.length }) };
}
