import type { PageData, PageDuplicates, PageLayer } from "../../../spec/page.ts";
import { bytes } from "../../size-text.ts";
import { byNumber, byText, layerColumn, numberColumn, PATH_COLUMN, shareColumn, sizeColumn } from "./columns.ts";
import { kindText } from "./describe.ts";
import { button, element } from "./dom.ts";
import { type File, imageWord, layerTitle, placeOf, userNames } from "./model.ts";
import { createTable } from "./table.ts";
import type { Item } from "./tree.ts";

/** What the lists are made from. */
export interface Shown {
  readonly data: PageData;
  /** All files by their numbers. */
  readonly files: readonly File[];
  /** Those that the search finds, the largest first. */
  readonly found: readonly File[];
  /** Whether the search finds it. */
  readonly finds: (file: File) => boolean;
  /** What the map shows. */
  readonly item: Item;
  readonly onZoom: (item: Item) => void;
}

/** A tab, and what is in its panel. */
export interface List {
  readonly id: string;
  readonly title: string;
  /** How many rows it has. */
  count(shown: Shown): number;
  make(shown: Shown): HTMLElement;
}

/** The map as a table, and what a map cannot show. */
export const LISTS: readonly List[] = [
  { id: "parts", title: "In the map", count: ({ item }) => item.children.length, make: partsTable },
  { id: "files", title: "Files", count: ({ found }) => found.length, make: filesTable },
  { id: "layers", title: "Layers", count: ({ data }) => data.layers.length, make: layersTable },
  { id: "duplicates", title: "Duplicates", count: (shown) => duplicatesOf(shown).length, make: duplicatesTable },
  { id: "hidden", title: "Hidden", count: (shown) => hiddenOf(shown).length, make: hiddenTable },
];

function partsTable({ item, onZoom }: Shown): HTMLElement {
  const name = (part: Item) =>
    part.children.length === 0 ? part.name : button({ class: "link" }, part.name, () => onZoom(part));
  return createTable<Item>({
    caption: `What ${item.name} consists of`,
    rows: item.children,
    sorted: "Size",
    empty: "Nothing is in it.",
    columns: [
      { title: "Name", cell: name, compare: byText(({ name }) => name) },
      {
        title: "What",
        minor: true,
        cell: (part) => (part.users === undefined ? kindText(part) : `${kindText(part)}: ${part.users}`),
      },
      { ...numberColumn("Files", ({ count }) => count), minor: true },
      sizeColumn("Size", ({ size }) => size),
      shareColumn(item.size, ({ size }) => size),
    ],
  });
}

function filesTable({ data, found }: Shown): HTMLElement {
  return createTable<File>({
    caption: "Files of all layers",
    rows: found,
    sorted: "Size",
    empty: "No file has that in its path.",
    columns: [PATH_COLUMN, layerColumn(data), sizeColumn("Size", ({ size }) => size)],
  });
}

function layersTable({ data }: Shown): HTMLElement {
  const { layers } = data;
  return createTable<number>({
    caption: "Layers of the package",
    rows: [...layers.keys()],
    empty: "There are no layers.",
    columns: [
      { title: "Layer", cell: (layer) => layerTitle(data, layer) },
      { title: "Used by", minor: true, cell: (layer) => userNames(data, layer) },
      { ...numberColumn("Files", (layer) => countFiles(layers[layer]!)), minor: true },
      sizeColumn("Unpacked", (layer) => layers[layer]!.content),
      {
        title: placeOf(data),
        numeric: true,
        cell: (layer) => storedText(layers[layer]!),
        compare: byNumber((layer) => layers[layer]!.size ?? 0),
      },
    ],
  });
}

function storedText({ size, missing, from }: PageLayer): string {
  if (size !== undefined) return bytes(size);
  if (missing === undefined) return "unknown";
  return from === undefined ? "missing" : `left out (${from})`;
}

function countFiles({ folders }: PageLayer): number {
  return folders.reduce((count, { names }) => count + names.length, 0);
}

function duplicatesOf({ data, files, finds }: Shown): PageDuplicates[] {
  return data.duplicates.filter((group) => group.files.some((number) => finds(files[number]!)));
}

function duplicatesTable(shown: Shown): HTMLElement {
  const cost = ({ size, files }: PageDuplicates) => size * (files.length - 1);
  return createTable<PageDuplicates>({
    caption: "Files with the same content, of which one would do",
    rows: duplicatesOf(shown),
    sorted: "Cost",
    empty: "None of these files is there twice.",
    columns: [
      { title: "Files", cell: (group) => copies(group, shown) },
      numberColumn("Copies", ({ files }) => files.length),
      sizeColumn("Each", ({ size }) => size),
      sizeColumn("Cost", cost),
    ],
  });
}

const MAX_COPIES = 8;

function copies({ files: numbers }: PageDuplicates, { data, files }: Shown): HTMLElement {
  const places = numbers.slice(0, MAX_COPIES).map((number) => {
    const { path, layer } = files[number]!;
    return element("li", {}, path, element("small", { class: "note" }, `layer ${layerTitle(data, layer)}`));
  });
  const left = numbers.length - places.length;
  if (left > 0) places.push(element("li", {}, `and ${left.toLocaleString("en")} more`));
  return element("ul", { class: "copies" }, ...places);
}

function hiddenOf({ found }: Shown): File[] {
  return found.filter(({ hidden }) => hidden !== undefined);
}

function hiddenTable(shown: Shown): HTMLElement {
  return createTable<File>({
    caption: `Files that are in the package but that no ${imageWord(shown.data)} shows`,
    rows: hiddenOf(shown),
    sorted: "Size",
    empty: "None of these files is hidden.",
    columns: [PATH_COLUMN, layerColumn(shown.data), sizeColumn("Size", ({ size }) => size)],
  });
}
