import { compareBytes } from "../bytes.ts";
import { type Segment, segmentSize, type TarEntry } from "../tar/sequence.ts";
import { directory, type RootFs } from "./rootfs.ts";

export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

export interface FileAttributes extends Ownership {
  readonly mode: number;
}

/**
 * A layer in the making: what a COPY or WORKDIR changes of the root below it. Each path occurs once; every folder on
 * the way to a changed path is in the layer with the attributes it has in the image, because a loader that has to
 * make it up takes 0755 and root, and those would hide the ones of the layers below.
 */
export interface LayerDraft {
  /** Makes a folder and its missing parents, as `mkdir -p`. @returns whether anything was missing */
  makeDirectory(path: string, owner: Ownership): boolean;
  /** Adds or replaces a folder's own attributes. */
  putDirectory(path: string, attributes: FileAttributes): void;
  putFile(path: string, content: Segment, attributes: FileAttributes): void;
  putSymlink(path: string, target: string, owner: Ownership): void;
  /** The entries in the order of a layer: by the bytes of their paths. */
  entries(): TarEntry[];
}

/** @param mtime seconds since 1970 that every entry gets */
export function createDraft(root: RootFs, mtime: number): LayerDraft {
  const drafted = new Map<string, TarEntry>();
  /** The folder whose parents were seen to last: entries come folder by folder. */
  let lastFolder: string | undefined;

  function add(path: string, attributes: FileAttributes, rest: Partial<TarEntry> & Pick<TarEntry, "type">): void {
    const { mode, uid, gid } = attributes;
    drafted.set(path, { path, mode, uid, gid, size: 0, mtime, ...rest });
  }

  /** Takes the folders above a path into the layer as they are, making those that are missing. */
  function addParents(path: string, owner: Ownership): boolean {
    const folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (folder === lastFolder) return false;
    let made = false;
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      made = addDirectory(path.slice(0, slash), owner) || made;
    }
    lastFolder = folder;
    return made;
  }

  function addDirectory(path: string, owner: Ownership): boolean {
    const found = root.find(path);
    if (found?.kind === "directory") {
      if (!drafted.has(path)) add(path, found, { type: "directory" });
      return false;
    }
    if (found !== undefined) throw new Error(`/${path} is no folder`);
    root.put(path, directory(0o755, owner.uid, owner.gid));
    // Not the bits of what goes into the folder: `owner` may be a file's attributes.
    add(path, { ...owner, mode: 0o755 }, { type: "directory" });
    return true;
  }

  return {
    makeDirectory(path, owner) {
      if (path === "") return false;
      const parents = addParents(path, owner);
      return addDirectory(path, owner) || parents;
    },
    putDirectory(path, attributes) {
      if (path === "") return;
      addParents(path, attributes);
      root.put(path, directory(attributes.mode, attributes.uid, attributes.gid));
      add(path, attributes, { type: "directory" });
    },
    putFile(path, content, attributes) {
      addParents(path, attributes);
      root.put(path, { kind: "file" });
      add(path, attributes, { type: "file", size: segmentSize(content), content });
    },
    putSymlink(path, target, owner) {
      addParents(path, owner);
      root.put(path, { kind: "symlink", target });
      add(path, { mode: 0o777, ...owner }, { type: "symlink", link: target });
    },
    entries: () => [...drafted.values()].sort((a, b) => compareBytes(a.path, b.path)),
  };
}
