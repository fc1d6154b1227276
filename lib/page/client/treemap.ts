import { makeTiles, paint } from "./tiles.ts";
import type { Item } from "./tree.ts";

export interface Treemap {
  /** Draws the parts of an item. @param focus the part that gets the focus, if any does */
  show(item: Item, focus?: Focus): void;
}

export type Focus = Item | "first";

export interface TreemapOptions {
  /** Is told of what is to be shown instead. */
  readonly onZoom: (item: Item, focus: Focus) => void;
  /** Is told of the part that the pointer is over, or that got the focus. */
  readonly onPoint: (item: Item) => void;
}

const TILE = "[role=treeitem]";

/** The map. To those who listen or use keys it is a tree whose branches are all open. */
export function createTreemap(host: HTMLElement, { onZoom, onPoint }: TreemapOptions): Treemap {
  let items = new WeakMap<Element, Item>();
  let shown: Item | undefined;
  let drawnWidth = 0;

  function draw(item: Item): void {
    const { clientWidth: width, clientHeight: height } = host;
    shown = item;
    drawnWidth = width;
    items = new WeakMap();
    paint(host, item);
    host.replaceChildren(...makeTiles(item, { width, height }, items));
    tilesOf(host)[0]?.setAttribute("tabindex", "0");
  }

  /** The tile of an event, and what it stands for. */
  function find(target: EventTarget | null): { tile: HTMLElement; item: Item } | undefined {
    const tile = target instanceof Element ? target.closest<HTMLElement>(TILE) : null;
    const item = tile === null ? undefined : items.get(tile);
    return tile === null || item === undefined ? undefined : { tile, item };
  }

  function focus(tile: HTMLElement | undefined): void {
    if (tile === undefined) return;
    for (const other of host.querySelectorAll("[tabindex='0']")) other.setAttribute("tabindex", "-1");
    tile.setAttribute("tabindex", "0");
    tile.focus({ preventScroll: true });
  }

  function focusItem(wanted: Focus): void {
    const tiles = [...host.querySelectorAll<HTMLElement>(TILE)];
    focus(tiles.find((tile) => items.get(tile) === wanted) ?? tiles[0]);
  }

  function zoomIn(item: Item): void {
    if (item.children.length > 0) onZoom(item, "first");
  }

  function zoomOut(): void {
    if (shown?.parent !== undefined) onZoom(shown.parent, shown);
  }

  function goOut(tile: HTMLElement): void {
    const outer = tile.parentElement?.closest<HTMLElement>(TILE);
    if (outer) focus(outer);
    else zoomOut();
  }

  const keys: Readonly<Record<string, (tile: HTMLElement, item: Item) => void>> = {
    ArrowDown: (tile) => focus(neighbour(tile, 1)),
    ArrowUp: (tile) => focus(neighbour(tile, -1)),
    ArrowRight: (tile) => focus(tilesOf(tile)[0]),
    ArrowLeft: goOut,
    Home: (tile) => focus(siblingsOf(tile)[0]),
    End: (tile) => focus(siblingsOf(tile).at(-1)),
    Enter: (_, item) => zoomIn(item),
    " ": (_, item) => zoomIn(item),
    "+": (_, item) => zoomIn(item),
    "-": zoomOut,
    Escape: zoomOut,
    Backspace: zoomOut,
  };

  host.addEventListener("keydown", (event) => {
    const found = find(event.target);
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (found === undefined || act === undefined) return;
    event.preventDefault();
    act(found.tile, found.item);
  });
  host.addEventListener("click", (event) => {
    const found = find(event.target);
    if (found === undefined) return;
    focus(found.tile);
    zoomIn(found.item);
  });
  for (const type of ["focusin", "pointerover"]) {
    host.addEventListener(type, (event) => {
      const found = find(event.target);
      if (found !== undefined) onPoint(found.item);
    });
  }
  new ResizeObserver(() => {
    if (shown === undefined || Math.abs(host.clientWidth - drawnWidth) < 8) return;
    const focused = find(document.activeElement);
    draw(shown);
    if (focused !== undefined) focusItem(focused.item);
  }).observe(host);

  return {
    show(item, wanted) {
      draw(item);
      if (wanted !== undefined) focusItem(wanted);
    },
  };
}

/** Tiles right inside a tile or the map. */
function tilesOf(outer: HTMLElement): HTMLElement[] {
  const group = outer.matches(TILE) ? outer.querySelector(":scope > [role=group]") : outer;
  return [...(group?.querySelectorAll<HTMLElement>(`:scope > ${TILE}`) ?? [])];
}

function siblingsOf(tile: HTMLElement): HTMLElement[] {
  return [...(tile.parentElement?.querySelectorAll<HTMLElement>(`:scope > ${TILE}`) ?? [])];
}

function neighbour(tile: HTMLElement, step: number): HTMLElement | undefined {
  const all = siblingsOf(tile);
  return all[all.indexOf(tile) + step];
}
