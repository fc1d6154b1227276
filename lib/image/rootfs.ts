import type { LayerRecord, LayerTree } from "../../spec/store.ts";
import { SET_GROUP } from "../mode.ts";
import { type Segment, segmentSize } from "../tar/sequence.ts";
import { WHITEOUT } from "../tar/whiteout.ts";
import { MAX_ACCOUNTS } from "../unpack/tree-index.ts";
import { readSegments } from "../workers/segment-reader.ts";
import { followLinks } from "./links.ts";
import type { Attributes, MadeFile, Ownership, RootDirectory, RootFile, RootNode } from "./node.ts";

/**
 * The merged root of the layers so far. Paths are relative, without leading slash; `""` is the root.
 *
 * It is written by copying: a folder that a snapshot or a clone shares is never changed, its successor takes its place.
 * So two states of one root can be compared by the identity of their nodes, at the cost of what changed between them.
 */
export interface RootFs {
  /** Puts a layer on top: its whiteouts hide, its names replace (image-spec layer.md, "Applying Changesets"). */
  apply(tree: LayerTree, layer?: LayerRecord): void;
  /** What lies exactly at the path, no link followed. */
  find(path: string): RootNode | undefined;
  /**
   * Puts a node in the place of what is there; a folder over a folder keeps the content and takes the attributes. Parents
   * that are missing are made, with mode 0755 and the owner of the node.
   *
   * @throws Error when a parent is no folder, or the name is one that layers cannot hold
   */
  put(path: string, node: RootNode): void;
  /**
   * Makes a folder and its missing parents, as `mkdir -p`: in a folder with the set-group-id bit they get that bit, and,
   * without an owner of their own, its group (mkdir(2)).
   *
   * @returns whether anything was missing @throws Error as `put`
   */
  makeDirectory(path: string, owner?: Ownership): boolean;
  /** Takes away what is there, with all below it. @returns whether there was anything */
  remove(path: string): boolean;
  /**
   * The path that a process in the container would reach: every symbolic link on the way is followed inside the root.
   * Parts that do not exist yet are kept as they are.
   *
   * @throws Error when links run in a circle
   */
  resolve(path: string): string;
  /** Text of `etc/passwd` or `etc/group`. */
  account(name: "passwd" | "group"): string | undefined;
  /** The root as it is now, which later changes leave alone. */
  snapshot(): RootDirectory;
  /** A root of its own with the same content, to go on from. */
  clone(): RootFs;
}

export function createRootFs(): RootFs {
  return rootFsOf(directory({ mode: 0o755, uid: 0, gid: 0 }), {});
}

/** What layers come to, each put on top when it and its tree are there. */
export async function mergeLayers(
  layers: Iterable<Promise<LayerRecord> | LayerRecord>,
  readTree: (layer: LayerRecord) => Promise<LayerTree>,
): Promise<RootFs> {
  const root = createRootFs();
  for (const record of layers) {
    const layer = await record;
    root.apply(await readTree(layer), layer);
  }
  return root;
}

export function directory(attributes: Attributes): RootDirectory {
  return { ...attributes, kind: "directory", children: new Map(), self: {} };
}

interface Accounts {
  readonly passwd?: string | undefined;
  readonly group?: string | undefined;
}

/** Gives the folder for a place where there is none. @param parent the folder that it goes into */
type Make = (path: string, found: RootNode | undefined, parent: RootDirectory) => RootDirectory;

/** A folder that nobody else shares may be written to. */
type Writable = RootDirectory & { readonly children: Map<string, RootNode> };

function rootFsOf(initialRoot: RootDirectory, initialAccounts: Accounts): RootFs {
  let root = initialRoot;
  let accounts = initialAccounts;
  /** The folders that were made or copied since the last snapshot. */
  let own = new Set<RootDirectory>();
  /** The folder that was written to last: names come folder by folder. */
  let last: { readonly path: string; readonly folder: Writable } | undefined;

  function find(path: string): RootNode | undefined {
    let node: RootNode | undefined = root;
    if (path === "") return node;
    for (const name of path.split("/")) {
      if (node?.kind !== "directory") return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  /** The same folder, for writing; `replace` puts a copy into its place. */
  function writable(folder: RootDirectory, replace: (copy: RootDirectory) => void): Writable {
    if (own.has(folder)) return folder as Writable;
    const copy = { ...folder, children: new Map(folder.children) };
    own.add(copy);
    replace(copy);
    return copy;
  }

  /**
   * The folder at a path, for writing. What is missing or no folder is left to `make`, which gives what to put there.
   */
  function folderAt(path: string, make: Make): Writable {
    if (last?.path === path) return last.folder;
    let folder = writable(root, (copy) => {
      root = copy;
    });
    for (let at = 0; at < path.length; ) {
      const slash = path.indexOf("/", at);
      const end = slash < 0 ? path.length : slash;
      const name = path.slice(at, end);
      const { children } = folder;
      const found = children.get(name);
      if (found?.kind === "directory") {
        folder = writable(found, (copy) => children.set(name, copy));
      } else {
        const made = make(path.slice(0, end), found, folder);
        own.add(made);
        children.set(name, made);
        folder = made as Writable;
      }
      at = end + 1;
    }
    last = { path, folder };
    return folder;
  }

  function place(path: string, node: RootNode, make: Make): void {
    if (path === "") {
      if (node.kind !== "directory") throw new Error("the root is a folder");
      root = merged(root, node);
      last = undefined;
      return;
    }
    const slash = path.lastIndexOf("/");
    const { children } = folderAt(path.slice(0, Math.max(slash, 0)), make);
    const name = path.slice(slash + 1);
    const known = children.get(name);
    // What takes the place of a folder may take that of the last one or of one above it.
    if (known?.kind === "directory") last = undefined;
    children.set(name, node.kind === "directory" && known?.kind === "directory" ? merged(known, node) : node);
  }

  function merged(known: RootDirectory, { mode, uid, gid, xattrs }: RootDirectory): RootDirectory {
    const { children, self } = known;
    const folder: RootDirectory = { kind: "directory", mode, uid, gid, ...(xattrs && { xattrs }), children, self };
    if (own.has(known)) own.add(folder);
    return folder;
  }

  function remove(path: string): boolean {
    const slash = path.lastIndexOf("/");
    const parent = find(path.slice(0, Math.max(slash, 0)));
    const name = path.slice(slash + 1);
    if (path === "" || parent?.kind !== "directory" || !parent.children.has(name)) return false;
    folderAt(path.slice(0, Math.max(slash, 0)), refuse).children.delete(name);
    last = undefined;
    return true;
  }

  function applyLayer(tree: LayerTree, layer: LayerRecord | undefined): void {
    // A layer may leave out its parent folders, or have a file where it then has a folder; loaders make them like this.
    const make = () => directory({ mode: 0o755, uid: 0, gid: 0 });
    for (const path of tree.opaque) {
      if (find(path)?.kind === "directory") folderAt(path, refuse).children.clear();
      last = undefined;
    }
    for (const path of tree.whiteouts) remove(path);
    for (const [path, mode, uid, gid] of tree.directories) {
      place(path, directory({ mode: Number.parseInt(mode, 8), uid, gid }), make);
    }
    for (const [path, target] of tree.symlinks) place(path, { kind: "symlink", target, layer }, make);
    const file: RootFile = { kind: "file", layer };
    if (tree.files !== "") for (const path of tree.files.split("\0")) place(path, file, make);
    const { passwd, group } = accounts;
    accounts = {
      passwd: tree.accounts.passwd ?? (isLatest("etc/passwd", file) ? undefined : passwd),
      group: tree.accounts.group ?? (isLatest("etc/group", file) ? undefined : group),
    };
  }

  /** Whether the layer brought the file, but not its text. */
  function isLatest(path: string, file: RootFile): boolean {
    return find(path) === file;
  }

  return {
    apply: applyLayer,
    find,
    put(path, node) {
      if (path.slice(path.lastIndexOf("/") + 1).startsWith(WHITEOUT)) throw new Error(unfitName(path));
      const owner = ownerOf(node);
      place(path, node, (at, found, parent) => newFolder(at, found, parent, owner));
    },
    makeDirectory(path, owner) {
      if (path === "") return false;
      let made = false;
      folderAt(path, (at, found, parent) => {
        made = true;
        return newFolder(at, found, parent, owner);
      });
      return made;
    },
    remove,
    resolve: (path) => followLinks(path, find),
    account(name) {
      // A whiteout, or a link in its place, leaves no file that the text could be of.
      const node = find(`etc/${name}`);
      if (node?.kind !== "file") return undefined;
      return "mode" in node ? textOf(node) : accounts[name];
    },
    snapshot() {
      own = new Set();
      last = undefined;
      return root;
    },
    clone() {
      own = new Set();
      last = undefined;
      return rootFsOf(root, accounts);
    },
  };
}

function refuse(path: string): never {
  throw new Error(`/${path} is no folder`);
}

function newFolder(
  path: string,
  found: RootNode | undefined,
  parent: RootDirectory,
  owner: Ownership | undefined,
): RootDirectory {
  if (found !== undefined) refuse(path);
  if (path.slice(path.lastIndexOf("/") + 1).startsWith(WHITEOUT)) throw new Error(unfitName(path));
  const inherited = parent.mode & SET_GROUP;
  const gid = inherited === 0 ? 0 : parent.gid;
  return directory({ mode: 0o755 | inherited, ...(owner ?? { uid: 0, gid }) });
}

function unfitName(path: string): string {
  return `/${path} cannot be in a layer: a name that begins with ${WHITEOUT} stands for one that is removed`;
}

function ownerOf(node: RootNode): Ownership {
  const { uid = 0, gid = 0 } = node as Partial<Ownership>;
  return { uid, gid };
}

/** The text of a file that was put here. @throws Error when it cannot be read, FileChangedError when it changed */
function textOf({ content }: MadeFile): string | undefined {
  if (content === undefined || segmentSize(content) > MAX_ACCOUNTS) return undefined;
  const bytes = new Uint8Array(segmentSize(content as Segment));
  readSegments([content], bytes);
  return Buffer.from(bytes).toString("utf8");
}
