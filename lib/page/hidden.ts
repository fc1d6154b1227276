import type { PageHidden } from "../../spec/page.ts";
import type { ContentEntry } from "../contents/contents.ts";
import { type Cover, createCovers } from "./covers.ts";
import type { FoundFile, FoundLayer } from "./data.ts";

/**
 * Files that are in a layer but in none of the images that have it: something of a layer above lies over them, or a
 * later entry of their own layer has the same path. What only some of the images hide is needed by the others.
 *
 * @param images the layers of each image, lowest first
 */
export function findHidden(
  files: readonly FoundFile[],
  layers: readonly FoundLayer[],
  images: readonly (readonly number[])[],
): PageHidden[] {
  const numbers = layers.map((): number[] => []);
  for (const [number, { layer }] of files.entries()) numbers[layer]!.push(number);
  const groups = new Map<string, PageHidden>();
  const hiddenIn = images.map((image) => hiddenInImage(image));
  for (const [number, { layer }] of files.entries()) {
    const covers = layers[layer]!.users.map((image) => hiddenIn[image]!.get(number));
    const [cover] = covers;
    if (cover === undefined || covers.includes(undefined)) continue;
    const key = `${cover.by} ${cover.how}`;
    const group = groups.get(key) ?? { ...cover, files: [] };
    groups.set(key, group);
    group.files.push(number);
  }
  return [...groups.values()];

  function hiddenInImage(image: readonly number[]): ReadonlyMap<number, Cover> {
    const hidden = new Map<number, Cover>();
    const covers = createCovers();
    // Of a layer that an image has twice the upper one counts.
    for (const layer of new Set(image.toReversed())) {
      const { entries } = layers[layer]!.contents;
      const last = lastOfPath(entries);
      for (const number of numbers[layer]!) {
        const { entry } = files[number]!;
        const repeated = last.get(entry.path) !== entry;
        const cover = repeated ? { by: layer, how: "replaced" as const } : covers.find(entry.path);
        if (cover !== undefined) hidden.set(number, cover);
      }
      covers.add(layer, entries);
    }
    return hidden;
  }
}

/** The entry that counts of each path; whiteouts are about the layers below. */
function lastOfPath(entries: readonly ContentEntry[]): ReadonlyMap<string, ContentEntry> {
  const own = entries.filter(({ kind }) => kind !== "whiteout" && kind !== "opaque");
  return new Map(own.map((entry) => [entry.path, entry]));
}
