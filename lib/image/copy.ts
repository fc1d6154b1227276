import { posix } from "node:path";
import { AircrateError } from "../error.ts";
import type { ModeChange } from "../mode.ts";
import { joinPath } from "../tree/expand.ts";
import type { SourceTree, TreeItem } from "../tree/source.ts";
import { type Choice, chooseItems, compilePattern, isChosen, withParents } from "./choose.ts";
import { createCopier } from "./copier.ts";
import type { Ownership, Xattrs } from "./node.ts";
import type { RootFs } from "./rootfs.ts";

/** One COPY or ADD, its words resolved. */
export interface Copy {
  /** In the order in which they are copied: later ones win. */
  readonly sources: readonly CopySource[];
  /** Absolute path in the image; a slash at its end means a folder. */
  readonly destination: string;
  /** Owner of all that is copied; without it each item keeps its own, which is 0:0 for those of the host. */
  readonly owner?: Ownership;
  readonly mode?: ModeChange;
  /** Extended attributes for a single file. */
  readonly xattrs?: Xattrs;
  /** Of what is copied from a tree: what of it, and under which names. */
  readonly choice?: Choice;
  /**
   * The destination is not looked at: links on its way are not followed but replaced by folders, as if the copy was made
   * without the image (Dockerfile reference, "COPY --link").
   */
  readonly link?: boolean;
  /** Keeps the folders of each source's path, from `/./` on where it has that. */
  readonly parents?: boolean;
  /** `file:line`, for errors. */
  readonly where: string;
}

export type CopySource =
  /** What a pattern names in a tree. */
  | { readonly tree: SourceTree; readonly pattern: string }
  /** An archive's members, parents before children: they are unpacked into the destination. */
  | { readonly archive: string; readonly items: readonly TreeItem[] };

/**
 * Puts what a COPY copies into a root, with the results of BuildKit: of a folder its content is copied, a file goes into
 * the destination when that is a folder, links in the destination are followed inside the image, symbolic links in the
 * source are kept as they are.
 *
 * @throws AircrateError input
 */
export function applyCopy(copy: Copy, root: RootFs): void {
  const selected = copy.sources.map((source) => select(source, copy));
  const copier = createCopier(copy, root);
  const destination = copy.link === true ? copier.clear(copy.destination) : copier.resolve(copy.destination);
  const items = selected.flatMap((source) => ("items" in source ? source.items : []));
  const isFolder = copy.link !== true && root.find(destination)?.kind === "directory";
  const intoFolder = /\/\.?$/.test(copy.destination) || isFolder;
  if (items.length > 1 && !intoFolder && items.some(({ kind }) => kind !== "directory")) {
    throw new AircrateError("input", `several files cannot become ${copy.destination}`, {
      where: copy.where,
      hint: `end the destination with a slash: ${copy.destination}/`,
    });
  }
  if (copy.xattrs !== undefined && (items.length !== 1 || items[0]!.kind !== "file")) {
    throw new AircrateError("input", "capabilities are for a single file", { where: copy.where });
  }
  for (const source of selected) {
    if ("members" in source) copier.unpack(source.members, destination);
    else if ("below" in source) copier.below(chooseItems(source.below, copy), destination);
    else {
      for (const item of source.items) {
        if (item.kind === "directory") copier.below(chooseItems(source.tree.walk(item, copy.where), copy), destination);
        else copier.file(item, intoFolder ? joinPath(destination, posix.basename(item.path)) : destination);
      }
    }
  }
}

type Selected =
  | { readonly tree: SourceTree; readonly items: readonly TreeItem[] }
  /** Goes below the destination as it is. */
  | { readonly below: readonly TreeItem[] }
  | { readonly members: readonly TreeItem[] };

function select(source: CopySource, { where, parents, choice }: Copy): Selected {
  if ("archive" in source) return { members: source.items };
  const { tree, pattern } = source;
  if (parents === true) return { below: selectParents(tree, pattern, where) };
  const items = tree.select(pattern, where);
  return { tree, items: choice === undefined ? items : items.filter((item) => isChosen(item, choice)) };
}

/**
 * What `--parents` copies: BuildKit takes the path for a pattern of what is to be kept of the whole tree, so `**` stands
 * for folders of any depth, and links are not followed. What stands before `/./` is not kept.
 */
function selectParents(tree: SourceTree, source: string, where: string): readonly TreeItem[] {
  const pivot = source.indexOf("/./");
  const top = pivot < 0 ? "." : source.slice(0, pivot) || ".";
  const pattern = posix.normalize(`/${source.slice(pivot < 0 ? 0 : pivot + 3)}`).replace(/^\/|\/$/g, "");
  const folders = tree.select(top, where).filter(({ kind }) => kind === "directory");
  const matches = pattern === "" ? () => true : compilePattern(pattern, where);
  const found = folders.flatMap((folder) => withParents(tree.walk(folder, where), matches));
  if (found.length > 0) return found;
  throw new AircrateError("input", `there is no ${source} in ${tree.name}`, { where });
}
