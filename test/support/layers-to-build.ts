import { cutTree } from "../../lib/tar/cuts.ts";
import { type Segment, type TarEntry, tarStream } from "../../lib/tar/sequence.ts";
import { createTreeIndexer } from "../../lib/unpack/tree-index.ts";

/** What `buildLayer` takes. */
export interface LayerToBuild {
  readonly segments: readonly Segment[];
  readonly cuts: readonly number[];
}

export function treeToBuild(entries: readonly TarEntry[]): LayerToBuild {
  const { segments, ...layout } = tarStream(entries);
  return { segments, cuts: cutTree(entries, layout) };
}

export function tarToBuild(tar: Uint8Array): LayerToBuild {
  const indexer = createTreeIndexer();
  indexer.write(tar);
  return { segments: [{ bytes: tar }], cuts: indexer.finish().cuts };
}

/** Bytes that are no tar file: they are cut as the content of one large file is. */
export function bytesToBuild(bytes: Uint8Array): LayerToBuild {
  return { segments: [{ bytes }], cuts: cutTree([], { starts: [], size: bytes.length }) };
}
