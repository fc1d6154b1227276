import type { ImageDiff, LayerChange } from "../../spec/diff.ts";
import type { InspectedLayer } from "../../spec/inspection.ts";

export type LayerChanges = ImageDiff["layers"];

/**
 * Which layers stayed, came and went, from the lowest up. Layers are kept in their order: one that moved past others is
 * gone from the one place and new at the other, as it is for an engine.
 */
export function compareLayers(from: readonly InspectedLayer[], to: readonly InspectedLayer[]): LayerChanges {
  const list: LayerChange[] = [];
  const kept = longestCommon(from, to);
  let one = 0;
  let other = 0;
  const goTo = (ends: readonly [from: number, to: number]) => {
    for (; one < ends[0]; one += 1) list.push(layerChange("gone", from[one]!, { from: one + 1 }));
    for (; other < ends[1]; other += 1) list.push(layerChange("new", to[other]!, { to: other + 1 }));
  };
  for (const place of kept) {
    goTo(place);
    list.push(layerChange("kept", layerOf(from[one]!, to[other]!), { from: one + 1, to: other + 1 }));
    one += 1;
    other += 1;
  }
  goTo([from.length, to.length]);
  return { kept: total(list, "kept"), new: total(list, "new"), gone: total(list, "gone"), list };
}

/** What the second file has of it counts, unless it leaves the layer out. */
function layerOf(one: InspectedLayer, other: InspectedLayer): InspectedLayer {
  return other.missing === true ? { ...one, ...other } : other;
}

function layerChange(
  change: LayerChange["change"],
  { diffId, size, packedSize, plainSize, createdBy }: InspectedLayer,
  place: Pick<LayerChange, "from" | "to">,
): LayerChange {
  const stored = packedSize ?? size;
  return {
    ...{ change, ...place },
    ...(diffId !== undefined && { diffId }),
    ...(stored !== undefined && { size: stored }),
    ...(plainSize !== undefined && { plainSize }),
    ...(createdBy !== undefined && { createdBy }),
  };
}

function total(list: readonly LayerChange[], change: LayerChange["change"]): { count: number; size: number } {
  const layers = list.filter((layer) => layer.change === change);
  return { count: layers.length, size: layers.reduce((sum, { size = 0 }) => sum + size, 0) };
}

/** Places of the layers of a longest common subsequence. */
function longestCommon(from: readonly InspectedLayer[], to: readonly InspectedLayer[]): [number, number][] {
  const width = to.length + 1;
  // How many layers are common from a place in each on.
  const lengths = new Uint16Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      lengths[at] = isSame(from[i]!, to[j]!)
        ? lengths[at + width + 1]! + 1
        : Math.max(lengths[at + width]!, lengths[at + 1]!);
    }
  }
  const places: [number, number][] = [];
  for (let i = 0, j = 0; i < from.length && j < to.length; ) {
    const at = i * width + j;
    if (isSame(from[i]!, to[j]!)) places.push([i++, j++]);
    else if (lengths[at + width]! >= lengths[at + 1]!) i += 1;
    else j += 1;
  }
  return places;
}

function isSame(one: InspectedLayer, other: InspectedLayer): boolean {
  return one.diffId !== undefined && one.diffId === other.diffId;
}
