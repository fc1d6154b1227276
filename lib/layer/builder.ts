import { createHash } from "node:crypto";
import { inStep, type OnEvent } from "../events.ts";
import type { Store } from "../store/layout.ts";
import { cutTree } from "../tar/cuts.ts";
import { type TarEntry, tarStream } from "../tar/sequence.ts";
import { type SharedStream, shareSegments } from "../tar/shared.ts";
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
  const build = async (stream: SharedStream, cuts: readonly number[], place: string): Promise<PlacedLayer> => {
    const layer = await inStep(onEvent, { work: "pack", name: place, size: stream.size }, (onBytes) =>
      buildLayer(store, pool, { stream, cuts, place, cache, onBytes }),
    );
    return { ...layer, place };
  };
  return (entries, place) => {
    const { segments, ...layout } = tarStream(entries);
    const stream = shareSegments(segments);
    const key = keyOf(stream);
    let layer = known.get(key);
    if (layer === undefined) {
      layer = build(stream, cutTree(entries, layout), place);
      // Whoever waits for the image sees the failure; until then it must not count as unhandled.
      layer.catch(() => {});
      known.set(key, layer);
    }
    return layer;
  };
}

/** Tells layers apart without reading a file: by all that is not in files, and by the listing of the files. */
function keyOf({ table, data }: SharedStream): string {
  return createHash("sha256").update(table).update(data).digest("hex");
}
