import type { PageData } from "../../../spec/page.ts";
import { type File, imageWord, layerTitle, userNames } from "./model.ts";

export type Kind = "package" | "shared" | "service" | "image" | "layer" | "folder" | "file";

/** A part of the package, with what it consists of. */
export interface Item {
  readonly kind: Kind;
  readonly name: string;
  /** Who uses it, of a shared layer. */
  readonly users?: string;
  readonly parent: Item | undefined;
  /** The largest first. */
  readonly children: readonly Item[];
  /** Bytes of the content of its files. */
  readonly size: number;
  /** How many files are in it. */
  readonly count: number;
  /** Index of the image that it belongs to; undefined of what is shared and of the package. */
  readonly image?: number | undefined;
  readonly file?: File;
}

/** An item whose parts are still being found. */
type Growing = { -readonly [K in keyof Omit<Item, "parent" | "children">]: Item[K] } & {
  parent: Growing | undefined;
  children: Growing[];
};

/**
 * The package as services, their layers, folders and files. Layers of several images stand in a group of their own, so
 * that the sizes add up to the package.
 *
 * @param files those that are to be in it
 */
export function growTree(data: PageData, files: Iterable<File>): Item {
  const root = add(undefined, { kind: "package", name: data.name });
  const shared = add(root, { kind: "shared", name: "Shared layers" });
  const images = data.images.map(({ name }, image) => add(root, { kind: imageWord(data), name, image }));
  const layers = data.layers.map(({ users }, index) => {
    const name = layerTitle(data, index);
    const [user] = users;
    return users.length === 1 && user !== undefined
      ? add(images[user]!, { kind: "layer", name, image: user })
      : add(shared, { kind: "layer", name, users: userNames(data, index) });
  });
  const folders = layers.map((layer) => new Map([["", layer]]));
  for (const file of files) {
    const { path, layer, size } = file;
    const slash = path.lastIndexOf("/");
    const parent = folderOf(path.slice(0, Math.max(slash, 0)), folders[layer]!);
    const item = add(parent, { kind: "file", name: path.slice(slash + 1), image: parent.image, file });
    item.size = size;
    item.count = 1;
  }
  finish(root);
  return root;
}

function add(parent: Growing | undefined, facts: Pick<Item, "kind" | "name" | "image" | "users" | "file">): Growing {
  const item: Growing = { ...facts, parent, children: [], size: 0, count: 0 };
  parent?.children.push(item);
  return item;
}

function folderOf(path: string, folders: Map<string, Growing>): Growing {
  const known = folders.get(path);
  if (known !== undefined) return known;
  const slash = path.lastIndexOf("/");
  const parent = folderOf(path.slice(0, Math.max(slash, 0)), folders);
  const folder = add(parent, { kind: "folder", name: path.slice(slash + 1), image: parent.image });
  folders.set(path, folder);
  return folder;
}

/** Sums up, leaves out what is empty, and makes one step of folders that hold nothing but another. */
function finish(item: Growing): void {
  if (item.kind === "file") return;
  for (const child of item.children) finish(child);
  item.children = item.children
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
  for (const { size, count } of item.children) {
    item.size += size;
    item.count += count;
  }
  const [only] = item.children;
  if (item.kind !== "folder" || item.children.length !== 1 || only?.kind !== "folder") return;
  item.name += `/${only.name}`;
  item.children = only.children;
  for (const child of item.children) child.parent = item;
}

/** From the package down to the item. */
export function trailOf(item: Item): Item[] {
  return item.parent === undefined ? [item] : [...trailOf(item.parent), item];
}
