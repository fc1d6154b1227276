import type { LayerTree } from "../../spec/store.ts";

/** What lies at a path of an image's merged root: just enough to put another layer on top as a container engine would. */
export type RootNode =
  | RootDirectory
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "file" };

export interface RootDirectory {
  readonly kind: "directory";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly children: Map<string, RootNode>;
}

/** The merged root of the layers so far. Paths are relative, without leading slash; `""` is the root. */
export interface RootFs {
  /** Puts a layer on top: its whiteouts hide, its names replace (image-spec layer.md, "Applying Changesets"). */
  apply(tree: LayerTree): void;
  /** What lies exactly at the path, no link followed. */
  find(path: string): RootNode | undefined;
  put(path: string, node: RootNode): void;
  /**
   * The path that a process in the container would reach: every symbolic link on the way is followed inside the root.
   * Parts that do not exist yet are kept as they are.
   *
   * @throws Error when links run in a circle
   */
  resolve(path: string): string;
  /** Text of the topmost `etc/passwd` or `etc/group`. */
  account(name: "passwd" | "group"): string | undefined;
  /** A root of its own with the same content, to go on from. */
  clone(): RootFs;
}

/** As many links as Linux follows in one path (path_resolution(7)). */
const MAX_LINKS = 40;

export function createRootFs(): RootFs {
  return rootFsOf(directory(0o755, 0, 0), {});
}

interface Accounts {
  readonly passwd?: string | undefined;
  readonly group?: string | undefined;
}

function rootFsOf(initialRoot: RootDirectory, initialAccounts: Accounts): RootFs {
  let root = initialRoot;
  let accounts = initialAccounts;

  function find(path: string): RootNode | undefined {
    let node: RootNode | undefined = root;
    if (path === "") return node;
    for (const name of path.split("/")) {
      if (node?.kind !== "directory") return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  /** The folder that was put into last: names come folder by folder. */
  let last: { readonly path: string; readonly folder: RootDirectory } | undefined;

  function put(path: string, node: RootNode): void {
    if (path === "") {
      if (node.kind === "directory") root = { ...node, children: root.children };
      last = undefined;
      return;
    }
    const slash = path.lastIndexOf("/");
    const parentPath = path.slice(0, Math.max(slash, 0));
    if (last?.path !== parentPath) last = { path: parentPath, folder: folderAt(parentPath) };
    const { children } = last.folder;
    const name = path.slice(slash + 1);
    // A file that replaces the accounts makes the old ones untrue; `apply` brings the new ones where they are known.
    if (path === "etc/passwd") accounts = { ...accounts, passwd: undefined };
    if (path === "etc/group") accounts = { ...accounts, group: undefined };
    const known = children.get(name);
    const merged = node.kind === "directory" && known?.kind === "directory";
    // What takes the place of a folder may take that of the last one or of one above it.
    if (known?.kind === "directory") last = undefined;
    children.set(name, merged ? { ...node, children: known.children } : node);
  }

  /** The folder at a path; it and those above it are made where they are missing. */
  function folderAt(path: string): RootDirectory {
    let folder = root;
    if (path === "") return folder;
    for (const name of path.split("/")) {
      const next = folder.children.get(name);
      if (next?.kind === "directory") {
        folder = next;
      } else {
        // A layer may leave out its parent folders; loaders make them with these values.
        const made = directory(0o755, 0, 0);
        folder.children.set(name, made);
        folder = made;
      }
    }
    return folder;
  }

  return {
    apply(tree) {
      last = undefined;
      for (const path of tree.opaque) {
        const node = find(path);
        if (node?.kind === "directory") node.children.clear();
      }
      for (const path of tree.whiteouts) {
        const slash = path.lastIndexOf("/");
        const parent = find(path.slice(0, Math.max(slash, 0)));
        if (parent?.kind === "directory") parent.children.delete(path.slice(slash + 1));
      }
      for (const [path, mode, uid, gid] of tree.directories) put(path, directory(Number.parseInt(mode, 8), uid, gid));
      for (const [path, target] of tree.symlinks) put(path, { kind: "symlink", target });
      if (tree.files !== "") for (const path of tree.files.split("\0")) put(path, { kind: "file" });
      accounts = { ...accounts, ...tree.accounts };
    },
    find,
    put,
    resolve(path) {
      let links = 0;
      const pending = path.split("/").reverse();
      let reached: string[] = [];
      while (pending.length > 0) {
        const name = pending.pop()!;
        if (name === "" || name === ".") continue;
        if (name === "..") {
          reached.pop();
          continue;
        }
        const node = find([...reached, name].join("/"));
        if (node?.kind !== "symlink") {
          reached.push(name);
          continue;
        }
        links += 1;
        if (links > MAX_LINKS) throw new Error(`too many symbolic links in ${path}`);
        if (node.target.startsWith("/")) reached = [];
        pending.push(...node.target.split("/").reverse());
      }
      return reached.join("/");
    },
    // A whiteout, or a link in its place, leaves no file that the text could be of.
    account: (name) => (find(`etc/${name}`)?.kind === "file" ? accounts[name] : undefined),
    clone: () => rootFsOf(cloneDirectory(root), accounts),
  };
}

function cloneDirectory(original: RootDirectory): RootDirectory {
  const children = new Map(original.children);
  for (const [name, node] of children) if (node.kind === "directory") children.set(name, cloneDirectory(node));
  return { ...original, children };
}

export function directory(mode: number, uid: number, gid: number): RootDirectory {
  return { kind: "directory", mode, uid, gid, children: new Map() };
}
