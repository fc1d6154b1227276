import type { PageHidden } from "../../spec/page.ts";
import type { ContentEntry } from "../contents/contents.ts";

/** The layer that hides a file, and how. */
export type Cover = Omit<PageHidden, "files">;

/** What layers put over the files of those below them. */
export interface Covers {
  /** Adds a layer that lies below those that were added before. */
  add(layer: number, entries: readonly ContentEntry[]): void;
  /** What hides a file of the layer below those that were added. */
  find(path: string): Cover | undefined;
}

/**
 * By image-spec layer.md, "Changeset": an entry replaces what has its path, with all that is below it unless it is a
 * directory; a whiteout removes the path and all below, an opaque one all below the directory.
 */
export function createCovers(): Covers {
  const at = new Map<string, Cover>();
  const below = new Map<string, Cover>();
  /** Answers for folders, which many files have in common. */
  const folders = new Map<string, Cover | undefined>();

  function findBelow(folder: string): Cover | undefined {
    if (folders.has(folder)) return folders.get(folder);
    const cover = below.get(folder) ?? (folder === "" ? undefined : findBelow(folderOf(folder)));
    folders.set(folder, cover);
    return cover;
  }

  return {
    add(layer, entries) {
      folders.clear();
      for (const { path, kind } of entries) {
        const cover: Cover = { by: layer, how: kind === "whiteout" || kind === "opaque" ? "removed" : "replaced" };
        if (kind !== "opaque") at.set(path, cover);
        if (kind !== "directory") below.set(path, cover);
      }
    },
    find: (path) => at.get(path) ?? findBelow(folderOf(path)),
  };
}

/** Folder of a clean relative path; of what lies in the root, the empty path. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
