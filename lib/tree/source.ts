import type { Segment } from "../tar/sequence.ts";

/** A file, folder or symbolic link that can be copied into a layer, wherever it comes from. */
export interface TreeItem {
  /**
   * With `/`. Of a selected item: as the source names it, relative to the top (`""` is the top itself). Of one found by a
   * walk: relative to the folder that was walked.
   */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  /** Where it really lies, relative to the top: links on the way are followed. */
  readonly real: string;
  /** Permission bits that it has unless others are asked for. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Extended attributes by name. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** Of a file that is not empty. */
  readonly content?: Segment;
  /** Target of a symbolic link, as it is. */
  readonly target?: string;
  /** Equal for names of one and the same file: hard links. Files with one name need none. */
  readonly inode?: string;
}

/** What COPY and ADD copy from: a folder of the host, the root of an image, texts. Nothing outside of it is reached. */
export interface SourceTree {
  /** As the user knows it, for errors. */
  readonly name: string;
  /**
   * The items that a source names: `src`, `./src/`, `*.py`. A symbolic link that is named itself, or that lies on the
   * way, is followed inside the tree.
   *
   * @throws AircrateError input when nothing is there, or a link leaves the tree
   */
  select(source: string, where: string): TreeItem[];
  /** What lies below a folder, parents before children, in the byte order of their names. */
  walk(item: TreeItem, where: string): readonly TreeItem[];
}

/** Names such as these stand for several. */
export const WILDCARD = /[*?[\\]/;
