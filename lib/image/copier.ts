import { posix } from "node:path";
import { AircrateError } from "../error.ts";
import { changeMode } from "../mode.ts";
import { joinPath } from "../tree/expand.ts";
import type { TreeItem } from "../tree/source.ts";
import type { Copy } from "./copy.ts";
import type { Attributes, MadeFile, Ownership } from "./node.ts";
import { directory, type RootFs } from "./rootfs.ts";

/** Puts items into a root, one after the other, as a COPY wants them. @throws AircrateError input, from each method */
export interface Copier {
  /** The path in the root that a destination leads to. */
  resolve(destination: string): string;
  /** The path that a destination is, with nothing but folders on the way: what else is there goes. */
  clear(destination: string): string;
  /** Puts a file or symbolic link. */
  file(item: TreeItem, path: string): void;
  /** Puts what a walk found into a folder, which is made where it is missing. */
  below(items: readonly TreeItem[], folder: string): void;
  /** Puts the members of an archive into a folder, as tar does: what is in the way goes, but for folders. */
  unpack(members: readonly TreeItem[], folder: string): void;
}

export function createCopier(copy: Copy, root: RootFs): Copier {
  const { where, owner } = copy;
  /** Files with several names, which stay one file. */
  const inodes = new Map<string, MadeFile>();

  function resolve(path: string): string {
    try {
      return root.resolve(path);
    } catch (error) {
      throw new AircrateError("input", (error as Error).message, { where, cause: error });
    }
  }

  function clear(destination: string): string {
    const path = posix.normalize(destination).replace(/^\/+|\/+$/g, "");
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      if (root.find(parent)?.kind !== "directory") root.remove(parent);
    }
    if (root.find(path)?.kind !== "directory") root.remove(path);
    return path;
  }

  /** Locates what goes wrong in the root: a parent of the path is no folder. */
  function change(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new AircrateError("input", `cannot copy to ${copy.destination}`, {
        where,
        reason: (error as Error).message,
        cause: error,
      });
    }
  }

  function attributes(item: TreeItem, asked: Asked): Attributes {
    const xattrs = copy.xattrs ?? item.xattrs;
    const mode = asked.mode === undefined ? item.mode : changeMode(asked.mode, item.mode, item.kind === "directory");
    return { mode, ...ownerOf(item, asked), ...(xattrs !== undefined && { xattrs }) };
  }

  function put(item: TreeItem, path: string, asked: Asked): void {
    const { kind, target = "" } = item;
    change(() => {
      // New parents belong to whom the copy is for, not to the owner that a file brings along.
      root.makeDirectory(parentOf(path), asked.owner);
      if (kind === "symlink") root.put(path, { kind, target, ...ownerOf(item, asked) });
      else if (kind === "directory") root.put(path, directory(attributes(item, asked)));
      else root.put(path, fileOf(item, asked));
    });
  }

  function fileOf(item: TreeItem, asked: Asked): MadeFile {
    const { inode, content } = item;
    const known = inode === undefined ? undefined : inodes.get(inode);
    if (known !== undefined) return known;
    const file: MadeFile = { kind: "file", ...attributes(item, asked), ...(content !== undefined && { content }) };
    if (inode !== undefined) inodes.set(inode, file);
    return file;
  }

  function file(item: TreeItem, path: string): void {
    if (path === "" || root.find(path)?.kind === "directory") {
      throw new AircrateError("input", `the file ${item.path} cannot replace the folder /${path} of the image`, {
        where,
        ...(copy.link === true && { hint: `with --link a folder needs a slash at its end: /${path}/` }),
      });
    }
    put(item, path, copy);
  }

  function folder(item: TreeItem, path: string): void {
    const found = root.find(path);
    if (found !== undefined && found.kind !== "directory") {
      throw new AircrateError("input", `the folder ${item.path} cannot replace /${path} of the image`, {
        where,
        reason: found.kind === "symlink" ? `that is a link to ${found.target}` : "that is a file",
        ...(found.kind === "symlink" && { hint: `copy it to what the link leads to: /${root.resolve(path)}/` }),
      });
    }
    put(item, path, copy);
  }

  return {
    resolve,
    clear,
    file,
    below(items, top) {
      change(() => root.makeDirectory(top, owner));
      for (const item of items) {
        const path = joinPath(top, item.path);
        if (item.kind === "directory") folder(item, path);
        else file(item, path);
      }
    },
    unpack(members, top) {
      change(() => root.makeDirectory(top, owner));
      for (const member of members) {
        const path = joinPath(top, member.path);
        const place = joinPath(resolve(`/${parentOf(path)}`), posix.basename(path));
        const found = root.find(place);
        if (found !== undefined && (found.kind !== "directory" || member.kind !== "directory")) root.remove(place);
        put(member, place, {});
      }
    },
  };
}

/** What is asked for instead of what items bring along. Archives keep what they say, as Docker has it. */
type Asked = Pick<Copy, "owner" | "mode">;

function ownerOf({ uid, gid }: TreeItem, { owner = { uid, gid } }: Asked): Ownership {
  return owner;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
