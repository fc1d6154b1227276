import { createHash } from "node:crypto";
import { inStep, type OnEvent } from "../events.ts";
import type { Store } from "../store/layout.ts";
import { cutTree } from "../tar/cuts.ts";
import { type TarEntry, tarStream } from "../tar/sequence.ts";
import type { WorkPool } from "../workers/pool.ts";
import { type BuiltLayer, buildLayer } from "./build.ts";
import type { LayerCache } from "./offer.ts";

/**
 * Builds layers, each once, however often it is asked for during one build.
 *
 * @param place what makes the layer, such as an instruction and its line: the layer that was built there before is where
 *   to look for blocks that are the same
 */
export type LayerBuilder = (entries: readonly TarEntry[], place: string) => Promise<PlacedLayer>;

export interface PlacedLayer extends BuiltLayer {
  /** The place that it was built for. */
  readonly place: string;
}

export interface LayerBuilderOptions {
  /** Where layers are looked for before they are packed. */
  readonly cache?: LayerCache | undefined;
  readonly onEvent?: OnEvent;
}

export function createLayerBuilder(
  store: Store,
  pool: WorkPool,
  { cache, onEvent }: LayerBuilderOptions = {},
): LayerBuilder {
  const known = new Map<string, Promise<PlacedLayer>>();
  const build = async (entries: readonly TarEntry[], place: string): Promise<PlacedLayer> => {
    const { segments, ...layout } = tarStream(entries);
    const cuts = cutTree(entries, layout);
    const layer = await inStep(onEvent, { work: "pack", name: place, size: layout.size }, (onBytes) =>
      buildLayer(store, pool, { segments, cuts, place, cache, onBytes }),
    );
    return { ...layer, place };
  };
  return (entries, place) => {
    const key = keyOf(entries);
    let layer = known.get(key);
    if (layer === undefined) {
      layer = build(entries, place);
      // Whoever waits for the image sees the failure; until then it must not count as unhandled.
      layer.catch(() => {});
      known.set(key, layer);
    }
    return layer;
  };
}

/** Tells layers apart without reading a file: by their entries and by the listing of the files in them. */
function keyOf(entries: readonly TarEntry[]): string {
  const hash = createHash("sha256");
  for (const { path, type, mode, uid, gid, size, mtime, link, xattrs, content } of entries) {
    const source = content === undefined || "bytes" in content ? [] : [content.file, content.offset, content.mtimeMs];
    hash.update(
      JSON.stringify([path, type, mode, uid, gid, size, mtime, link, [...(xattrs?.keys() ?? [])], ...source]),
    );
    for (const value of xattrs?.values() ?? []) hash.update(`${value.length}:`).update(value);
    if (content !== undefined && "bytes" in content) hash.update(content.bytes);
  }
  return hash.digest("hex");
}
