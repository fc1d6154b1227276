import type { LayerTree } from "../../spec/store.ts";
import type { MadeFile, RootNode, RootSymlink } from "../image/node.ts";
import { createRootFs, type RootFs } from "../image/rootfs.ts";
import { TarFormatError } from "../tar/parser.ts";
import type { ContentEntry, LayerContents } from "../unpack/entry-list.ts";

/** The entry of a layer that made a node what it is. */
export interface Origin {
  /** Place of the layer in the image, 0 for the lowest. */
  readonly layer: number;
  readonly entry: ContentEntry;
  /** How many entries of the layer have this path; it is the last. */
  readonly times: number;
}

/** The root of an image, all layers applied. */
export interface MergedTree {
  readonly root: RootFs;
  /** Undefined for a folder that no layer has, but only what is in it. */
  originOf(node: RootNode): Origin | undefined;
}

const NO_TREE: LayerTree = {
  ...{ version: 1, directories: [], symlinks: [], files: "", whiteouts: [], opaque: [], accounts: {} },
};

/**
 * Applies the layers of an image, lowest first, by the lists of what is in them.
 *
 * @throws TarFormatError for a hard link to what its layer does not have in front of it, and a file without a name
 */
export function mergeLayers(layers: readonly LayerContents[]): MergedTree {
  const root = createRootFs();
  /** Folders are known by their `self`, since a folder that changes is another node. */
  const origins = new Map<object, Origin>();
  for (const [layer, { entries }] of layers.entries()) {
    const hidden = (kind: ContentEntry["kind"]) => entries.flatMap((one) => (one.kind === kind ? one.path : []));
    const latest = latestOf(entries, layer);
    const folders = [...latest.values()].filter(({ entry }) => entry.kind === "directory");
    root.apply({
      ...NO_TREE,
      whiteouts: hidden("whiteout"),
      opaque: hidden("opaque"),
      directories: folders.map(({ entry: { path, mode, uid, gid } }) => [path, mode.toString(8), uid, gid]),
    });
    for (const origin of folders) origins.set(keyOf(root.find(origin.entry.path)!), origin);
    for (const [path, { node, origin }] of nodesOf(latest)) {
      origins.set(node, origin);
      makeParent(root, path);
      root.put(path, node);
    }
  }
  return { root, originOf: (node) => origins.get(keyOf(node)) };
}

function keyOf(node: RootNode): object {
  return node.kind === "directory" ? node.self : node;
}

/** The last entry of each path. */
function latestOf(entries: readonly ContentEntry[], layer: number): Map<string, Origin> {
  const latest = new Map<string, Origin>();
  for (const entry of entries) {
    if (entry.kind === "whiteout" || entry.kind === "opaque") continue;
    const times = (latest.get(entry.path)?.times ?? 0) + 1;
    latest.delete(entry.path);
    latest.set(entry.path, { layer, entry, times });
  }
  return latest;
}

/** A file or link whose attributes are known. */
type Node = MadeFile | (RootSymlink & { readonly uid: number; readonly gid: number });

interface Made {
  readonly node: Node;
  readonly origin: Origin;
}

/** What is no folder, by path. Hard links of one file are one node; of their headers, as engines have it, the last counts. */
function nodesOf(latest: ReadonlyMap<string, Origin>): Map<string, Made> {
  const files = new Map<string, { origin: Origin; said: ContentEntry }>();
  for (const [path, origin] of latest) {
    const { entry } = origin;
    if (entry.kind === "directory") continue;
    if (path === "") throw new TarFormatError("a member has no name");
    const target = entry.kind === "hardlink" ? files.get(entry.link ?? "") : { origin, said: entry };
    if (target === undefined)
      throw new TarFormatError(`${path} is a hard link to ${entry.link}, which is not in front of it`);
    target.said = entry;
    files.set(path, target);
  }
  const made = new Map<object, Made>();
  const nodes = new Map<string, Made>();
  for (const [path, file] of files) {
    const one = made.get(file) ?? { node: nodeOf(file.origin.entry, file.said), origin: file.origin };
    made.set(file, one);
    nodes.set(path, one);
  }
  return nodes;
}

function nodeOf({ kind, link = "" }: ContentEntry, { mode, uid, gid }: ContentEntry): Node {
  return kind === "symlink" ? { kind, target: link, uid, gid } : { kind: "file", mode, uid, gid };
}

/** A layer may leave out the folders around a file, or hide a file by one: engines make them like this. */
function makeParent(root: RootFs, path: string): void {
  const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  if (root.find(parent)?.kind !== "directory") root.apply({ ...NO_TREE, directories: [[parent, "755", 0, 0]] });
}
