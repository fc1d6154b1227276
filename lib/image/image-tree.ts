import { compareBytes } from "../bytes.ts";
import { AircrateError } from "../error.ts";
import { cleanSource, expandSource, joinPath } from "../tree/expand.ts";
import type { SourceTree, TreeItem } from "../tree/source.ts";
import type { Known } from "./materials.ts";
import type { RootDirectory, RootFile, RootNode, RootSymlink } from "./node.ts";
import type { RootFs } from "./rootfs.ts";

const ROOTED = "paths are relative to the root of the image";

/**
 * The root of an image as something to copy from. Links are followed inside of it; owners, modes and hard links are those
 * of the image.
 *
 * @param name the image or stage as the user knows it
 * @param known what nodes of pulled layers are like
 */
export function imageTree(root: RootFs, name: string, known: Known): SourceTree {
  const inodes = new Map<RootNode, string>();

  function item(real: string, node: RootNode): TreeItem {
    if (node.kind === "directory") return directoryItem(real, node);
    const full = known(node, real);
    if (full.kind === "symlink") return symlinkItem(real, full);
    const { mode, uid, gid, xattrs, content } = full;
    return {
      ...{ path: real, real, kind: "file", mode, uid, gid, inode: inodeOf(full) },
      ...(xattrs !== undefined && { xattrs }),
      ...(content !== undefined && { content }),
    };
  }

  /** Nodes are the same object as often as the same file is met. */
  function inodeOf(node: RootFile): string {
    const inode = inodes.get(node) ?? String(inodes.size);
    inodes.set(node, inode);
    return inode;
  }

  function follow(relative: string, where: string): string {
    try {
      return root.resolve(relative);
    } catch (error) {
      throw new AircrateError("input", (error as Error).message, { where, reason: `in ${name}`, cause: error });
    }
  }

  function list(relative: string): string[] {
    const node = root.find(relative);
    return node?.kind === "directory" ? [...node.children.keys()].sort(compareBytes) : [];
  }

  return {
    name,
    select(source, where) {
      const found = expandSource(cleanSource(source, where, { of: name, hint: ROOTED }), where, {
        follow: (relative) => follow(relative, where),
        isFolder: (relative) => root.find(relative)?.kind === "directory",
        list,
      });
      const items = found.flatMap((relative) => {
        const real = follow(relative, where);
        const node = root.find(real);
        if (node !== undefined) return [{ ...item(real, node), path: relative }];
        // A link that leads nowhere is a mistake also where other names match.
        return root.find(relative) === undefined ? [] : [undefined];
      });
      if (items.length > 0 && items.every((found) => found !== undefined)) return items;
      throw new AircrateError("input", `there is no ${source} in ${name}`, {
        where,
        hint: ROOTED,
      });
    },
    walk(top) {
      const items: TreeItem[] = [];
      const visit = (below: string) => {
        for (const child of list(joinPath(top.real, below))) {
          const path = joinPath(below, child);
          const real = joinPath(top.real, path);
          const node = root.find(real)!;
          items.push({ ...item(real, node), path });
          if (node.kind === "directory") visit(path);
        }
      };
      visit("");
      return items;
    },
  };
}

function directoryItem(real: string, { mode, uid, gid, xattrs }: RootDirectory): TreeItem {
  return { path: real, real, kind: "directory", mode, uid, gid, ...(xattrs !== undefined && { xattrs }) };
}

function symlinkItem(real: string, node: RootSymlink): TreeItem {
  const { uid = 0, gid = 0 } = node as { uid?: number; gid?: number };
  return { path: real, real, kind: "symlink", mode: 0o777, uid, gid, target: node.target };
}
