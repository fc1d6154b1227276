import type { ContentEntry } from "../contents/contents.ts";

/** A file, folder or link in the root that an image's layers come to. */
export interface TreeNode {
  readonly entry: TreeEntry;
  /** Of a folder, by name. */
  readonly children?: ReadonlyMap<string, TreeNode>;
}

/** Hard links are the files that they are names of; one without its target stays what it is. */
export type TreeEntry = Omit<ContentEntry, "path" | "kind"> & {
  readonly kind: Exclude<ContentEntry["kind"], "whiteout" | "opaque">;
};

type Folder = TreeNode & { readonly children: Map<string, TreeNode> };

/** What a folder is like that no layer describes: engines make it so. */
const IMPLIED: TreeEntry = { kind: "directory", size: 0, mode: 0o755, uid: 0, gid: 0 };

/**
 * The root that layers come to, the lowest first (image-spec layer.md, "Applying Changesets"): a layer's whiteouts hide
 * what the layers below have, and then its entries take the place of what is there; a folder keeps what is in it.
 */
export function treeOf(layers: readonly (readonly ContentEntry[])[]): TreeNode {
  let root = folderOf(IMPLIED);
  for (const entries of layers) {
    for (const { kind, path } of entries) {
      if (kind === "opaque") clear(root, path);
      else if (kind === "whiteout") remove(root, path);
    }
    for (const entry of entries) {
      if (entry.kind === "whiteout" || entry.kind === "opaque") continue;
      if (entry.path !== "") put(root, entry.path, entryOf(root, entry));
      else if (entry.kind === "directory") root = folderOf(entryOf(root, entry), root.children);
    }
  }
  return root;
}

function folderOf(entry: TreeEntry, children: Map<string, TreeNode> = new Map()): Folder {
  return { entry, children };
}

function isFolder(node: TreeNode | undefined): node is Folder {
  return node?.children !== undefined;
}

function entryOf(root: Folder, { path: _, kind, ...rest }: ContentEntry): TreeEntry {
  const target = kind === "hardlink" && rest.link !== undefined ? find(root, rest.link) : undefined;
  if (target !== undefined && !isFolder(target)) return target.entry;
  return { ...rest, kind: kind as TreeEntry["kind"] };
}

function find(root: Folder, path: string): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const name of path === "" ? [] : path.split("/")) node = node?.children?.get(name);
  return node;
}

function put(root: Folder, path: string, entry: TreeEntry): void {
  const names = path.split("/");
  const last = names.pop()!;
  let folder = root;
  for (const name of names) {
    const found = folder.children.get(name);
    const next = isFolder(found) ? found : folderOf(IMPLIED);
    if (next !== found) folder.children.set(name, next);
    folder = next;
  }
  const before = folder.children.get(last);
  if (entry.kind !== "directory") folder.children.set(last, { entry });
  else folder.children.set(last, folderOf(entry, isFolder(before) ? before.children : undefined));
}

function remove(root: Folder, path: string): void {
  const slash = path.lastIndexOf("/");
  const folder = find(root, path.slice(0, Math.max(slash, 0)));
  if (isFolder(folder)) folder.children.delete(path.slice(slash + 1));
}

function clear(root: Folder, path: string): void {
  const folder = find(root, path);
  if (isFolder(folder)) folder.children.clear();
}
