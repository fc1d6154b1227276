import { bytes } from "../../size-text.ts";
import { describe } from "./describe.ts";
import { element } from "./dom.ts";
import { layOut, TITLE, type Tile } from "./layout.ts";
import type { Item } from "./tree.ts";

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Depth of what is in it, from 1. */
  readonly level: number;
}

/**
 * Elements for the parts of an item, those inside one another as in the map. Places are in percent, so that they fit
 * their frame, and paper, before they are made again.
 *
 * @param items is told which element stands for what
 */
export function makeTiles(item: Item, frame: Omit<Frame, "level">, items: WeakMap<Element, Item>): HTMLElement[] {
  const { width, height } = frame;
  return elementsOf(layOut(item, { x: 0, y: 0, width, height }), { ...frame, level: 1 });

  function elementsOf(tiles: readonly Tile[], frame: Frame): HTMLElement[] {
    const size = tiles.filter(({ item }) => item !== undefined).length;
    return tiles.map((tile, i) => {
      const made = elementOf(tile, { level: frame.level, place: i + 1, size });
      made.style.left = `${(100 * tile.x) / frame.width}%`;
      made.style.top = `${(100 * tile.y) / frame.height}%`;
      made.style.width = `${(100 * tile.width) / frame.width}%`;
      made.style.height = `${(100 * tile.height) / frame.height}%`;
      return made;
    });
  }

  function elementOf(tile: Tile, at: { level: number; place: number; size: number }): HTMLElement {
    const { item, tiles, width, height } = tile;
    // To hear of the small ones as a number helps nobody; the table has them.
    if (item === undefined) return element("div", { class: "tile rest", "aria-hidden": "true" }, ...labels(tile));
    const attributes = {
      ...{ role: "treeitem", class: classesOf(item, tiles.length > 0), tabindex: -1, "aria-label": describe(item) },
      ...{ "aria-level": at.level, "aria-posinset": at.place, "aria-setsize": at.size },
    };
    const made = element("div", attributes, ...labels(tile));
    made.style.setProperty("--depth", String(Math.min(at.level, 5)));
    paint(made, item);
    if (tiles.length > 0) {
      made.append(element("div", { role: "group" }, ...elementsOf(tiles, { width, height, level: at.level + 1 })));
    }
    items.set(made, item);
    return made;
  }
}

/** Room for a few letters, and for a size beside or below them: half a number would be a wrong one. */
const NAME_WIDTH = 40;
const SIZE_WIDTH = 72;
const USERS_WIDTH = 320;

function labels({ item, count, tiles, width, height }: Tile): HTMLElement[] {
  if (width < NAME_WIDTH || height < TITLE) return [];
  if (item === undefined) return [element("span", {}, `${count} more`)];
  const name = element("span", {}, item.name);
  const room = tiles.length > 0 ? width >= NAME_WIDTH + SIZE_WIDTH : width >= SIZE_WIDTH && height >= 2 * TITLE;
  if (!room) return [name];
  const size = element("small", {}, bytes(item.size));
  if (item.users === undefined || width < USERS_WIDTH) return [name, size];
  return [name, size, element("i", {}, `used by ${item.users}`)];
}

function classesOf({ kind, file }: Item, open: boolean): string {
  const classes = ["tile", kind];
  if (open) classes.push("open");
  if (file?.hidden !== undefined) classes.push("covered");
  if (file !== undefined && file.copies > 1) classes.push("copied");
  return classes.join(" ");
}

const HUES = [255, 150, 55, 320, 200, 25, 110, 285];

/** Each service has a colour of its own; what is shared has none. */
export function paint(target: HTMLElement, { image }: Pick<Item, "image">): void {
  target.style.setProperty("--hue", String(image === undefined ? 250 : HUES[image % HUES.length]));
  target.style.setProperty("--colour", image === undefined ? "0" : "1");
}
