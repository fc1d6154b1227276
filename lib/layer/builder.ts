import { createHash } from "node:crypto";
import type { Store } from "../store/layout.ts";
import { type Segment, type TarEntry, tarSegments } from "../tar/sequence.ts";
import type { WorkPool } from "../work/pool.ts";
import { type BuiltLayer, buildLayer } from "./build.ts";

/** Builds layers, each once, however often it is asked for during one build. */
export type LayerBuilder = (entries: readonly TarEntry[]) => Promise<BuiltLayer>;

export function createLayerBuilder(store: Store, pool: WorkPool): LayerBuilder {
  const known = new Map<string, Promise<BuiltLayer>>();
  return (entries) => {
    const segments = tarSegments(entries);
    const key = keyOf(segments);
    let layer = known.get(key);
    if (layer === undefined) {
      layer = buildLayer(store, pool, segments);
      // Whoever waits for the image sees the failure; until then it must not count as unhandled.
      layer.catch(() => {});
      known.set(key, layer);
    }
    return layer;
  };
}

/** Tells layers apart without reading a file: by their headers and by the listing of the files in them. */
function keyOf(segments: readonly Segment[]): string {
  const hash = createHash("sha256");
  for (const segment of segments) {
    if ("bytes" in segment) hash.update(segment.bytes);
    else hash.update(`\0${segment.file}\0${segment.offset}\0${segment.size}\0${segment.mtimeMs ?? ""}\0`);
  }
  return hash.digest("hex");
}
