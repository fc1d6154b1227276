import { type Rect, squarify } from "./squarify.ts";
import type { Item } from "./tree.ts";

/** A rectangle of the map, in pixels of the one that it is in. */
export interface Tile extends Rect {
  /** What it stands for; undefined: several, each too small to be drawn. */
  readonly item: Item | undefined;
  /** How many it stands for. */
  readonly count: number;
  /** Those inside it, below a line with its name. */
  readonly tiles: readonly Tile[];
}

/** Height of the line with the name of a tile that holds others. */
export const TITLE = 20;
const GAP = 2;
/** Square pixels of the smallest tile that is drawn for itself. */
export const MIN_AREA = 220;
const MIN_WIDTH = 64;
const MIN_HEIGHT = TITLE + 24;

/** The parts of an item, and theirs, for as long as there is room to tell them apart. */
export function layOut(item: Item, rect: Rect): Tile[] {
  const shown = item.children.filter(({ size }) => size > 0);
  const scale = (rect.width * rect.height) / item.size;
  const large = shown.filter(({ size }) => size * scale >= MIN_AREA);
  const parts: Part[] = large.map((item) => ({ item, count: 1, size: item.size }));
  const rest = shown.slice(large.length);
  if (rest.length > 0) {
    const size = rest.reduce((sum, { size }) => sum + size, 0);
    const place = parts.findIndex((part) => part.size < size);
    parts.splice(place < 0 ? parts.length : place, 0, { item: undefined, count: rest.length, size });
  }
  const places = squarify(
    parts.map(({ size }) => size),
    rect,
  );
  return parts.map(({ item, count }, i) => {
    const place = places[i]!;
    return { ...place, item, count, tiles: item === undefined ? [] : inside(item, place) };
  });
}

interface Part {
  readonly item: Item | undefined;
  readonly count: number;
  readonly size: number;
}

function inside(item: Item, { width, height }: Rect): Tile[] {
  if (item.children.length === 0 || width < MIN_WIDTH || height < MIN_HEIGHT) return [];
  return layOut(item, { x: GAP, y: TITLE, width: width - 2 * GAP, height: height - TITLE - GAP });
}
