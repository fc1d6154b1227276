import { compareBytes } from "../../bytes.ts";
import { CAPABILITY_XATTR } from "../../capabilities.ts";
import { SET_GROUP, SET_USER, STICKY } from "../../mode.ts";
import type { FullNode, Known } from "../materials.ts";
import type { Attributes, Ownership, RootDirectory, RootNode } from "../node.ts";
import type { RootFs } from "../rootfs.ts";
import { FileFailure } from "./errno.ts";
import { type Paths, pathsOf } from "./paths.ts";
import { isOwner, mayAccess, type Process, READ, SEARCH, WRITE } from "./process.ts";

/**
 * File operations as Linux does them for a process: its rights, the owner of what is made, set-group-id folders that hand
 * on their group. The umask is 022. Paths are those of a `Place`. All throw FileFailure.
 */
export interface Files extends Paths {
  attributes(path: string, node: RootNode): Attributes;
  /** Names in a folder, in the order of their bytes. @throws FileFailure when it may not be listed */
  list(path: string): string[];
  makeDirectory(path: string, mode: (base: number) => number): void;
  makeFile(path: string): void;
  makeSymlink(path: string, target: string): void;
  /** A file, a link, or a folder with all that is in it. */
  remove(path: string): void;
  changeMode(path: string, change: (mode: number, isDirectory: boolean) => number): void;
  changeOwner(path: string, owner: Partial<Ownership>): void;
  /** Changes the times. They are the same for all files of a layer; but what was touched is in it. */
  touch(path: string): void;
}

/** What engines mount over the image while a RUN runs. */
const MOUNTS = ["proc", "sys", "dev", "etc/hosts", "etc/resolv.conf"];

/** Whether a path is one that an engine mounts, or below one. */
export function isMounted(path: string): boolean {
  return MOUNTS.some((mount) => path === mount || path.startsWith(`${mount}/`));
}

/** @param folder the working folder at the start, absolute @throws FileFailure when it cannot be entered */
export function filesOf(root: RootFs, process: Process, { known, folder }: { known: Known; folder: string }): Files {
  const paths = pathsOf(root, process, folder);

  function attributes(path: string, node: RootNode): Attributes {
    if (node.kind === "directory") return node;
    const full = known(node, path);
    return full.kind === "symlink" ? { ...full, mode: 0o777 } : full;
  }

  /** The folder of a path, if the process may change what is in it. */
  function writableParent(path: string): RootDirectory {
    if (path === "") throw new FileFailure("EINVAL");
    if (isMounted(path)) throw new FileFailure("EMOUNT");
    const parent = root.find(parentOf(path));
    if (parent?.kind !== "directory") throw new FileFailure("ENOTDIR");
    if (!mayAccess(process, parent, WRITE | SEARCH)) throw new FileFailure("EACCES");
    return parent;
  }

  /** @returns the owner of something new, and whether its folder hands on its group */
  function creation(path: string): { readonly owner: Ownership; readonly inherits: boolean } {
    const parent = writableParent(path);
    if (parent.children.has(path.slice(path.lastIndexOf("/") + 1))) throw new FileFailure("EEXIST");
    const inherits = (parent.mode & SET_GROUP) !== 0;
    return { owner: { uid: process.uid, gid: inherits ? parent.gid : process.gid }, inherits };
  }

  function removable(path: string, node: RootNode): void {
    const parent = writableParent(path);
    const isKept = (parent.mode & STICKY) !== 0 && !isOwner(process, parent);
    if (isKept && !isOwner(process, attributes(path, node))) throw new FileFailure("EPERM", path);
  }

  /** That all in a folder may be removed. One that is empty need not be read. */
  function requireRemovable(path: string, folder: RootDirectory): void {
    if (folder.children.size === 0) return;
    if (!mayAccess(process, folder, READ | WRITE | SEARCH)) throw new FileFailure("EACCES", path);
    for (const [name, node] of folder.children) {
      const below = path === "" ? name : `${path}/${name}`;
      if (isMounted(below)) throw new FileFailure("EMOUNT", below);
      removable(below, node);
      if (node.kind === "directory") requireRemovable(below, node);
    }
  }

  function list(path: string): string[] {
    const node = root.find(path);
    if (node?.kind !== "directory") throw new FileFailure("ENOTDIR");
    if (!mayAccess(process, node, READ)) throw new FileFailure("EACCES");
    return [...node.children.keys()].sort(compareBytes);
  }

  /** Puts what a node has become, unless it is what it was: then the layer has nothing to say of it. */
  function change(path: string, node: RootNode, full: FullNode | RootDirectory, changed: Attributes): void {
    if (isMounted(path)) throw new FileFailure("EMOUNT");
    const before = attributes(path, node);
    const same = before.mode === changed.mode && before.uid === changed.uid && before.gid === changed.gid;
    // A layer has no entry for the root itself.
    if (path === "" || (same && before.xattrs === changed.xattrs)) return;
    const { mode, uid, gid, xattrs } = changed;
    if (full.kind === "symlink") root.put(path, { ...full, uid, gid });
    else {
      const { xattrs: _, ...rest } = full;
      root.put(path, { ...rest, mode, uid, gid, ...(xattrs !== undefined && { xattrs }) });
    }
  }

  function fullNode(path: string, node: RootNode): FullNode | RootDirectory {
    return node.kind === "directory" ? node : known(node, path);
  }

  return {
    ...paths,
    attributes,
    list,
    makeDirectory(path, mode) {
      const { owner, inherits } = creation(path);
      const bits = mode(inherits ? SET_GROUP : 0);
      root.put(path, { kind: "directory", mode: bits, ...owner, children: new Map(), self: {} });
    },
    makeFile(path) {
      root.put(path, { kind: "file", mode: 0o644, ...creation(path).owner });
    },
    makeSymlink(path, target) {
      root.put(path, { kind: "symlink", target, ...creation(path).owner });
    },
    remove(path) {
      const node = root.find(path);
      if (node === undefined) throw new FileFailure("ENOENT");
      if (node.kind === "directory") requireRemovable(path, node);
      removable(path, node);
      root.remove(path);
    },
    changeMode(path, compute) {
      const node = root.find(path)!;
      const before = attributes(path, node);
      if (!isOwner(process, before)) throw new FileFailure("EPERM");
      let mode = compute(before.mode, node.kind === "directory");
      // chmod(2): only members of the group may have it set.
      if (process.uid !== 0 && !process.groups.has(before.gid)) mode &= ~SET_GROUP;
      change(path, node, fullNode(path, node), { ...before, mode });
    },
    changeOwner(path, { uid, gid }) {
      const node = root.find(path)!;
      const before = attributes(path, node);
      const owner = { uid: uid ?? before.uid, gid: gid ?? before.gid };
      const moves = owner.uid !== before.uid || (owner.gid !== before.gid && !process.groups.has(owner.gid));
      if (process.uid !== 0 && (before.uid !== process.uid || moves)) throw new FileFailure("EPERM");
      change(path, node, fullNode(path, node), {
        ...before,
        ...owner,
        ...(node.kind === "file" && withoutRights(before)),
      });
    },
    touch(path) {
      const node = root.find(path)!;
      if (isMounted(path)) throw new FileFailure("EMOUNT");
      const before = attributes(path, node);
      if (!isOwner(process, before) && !mayAccess(process, before, WRITE)) throw new FileFailure("EACCES");
      if (path !== "") root.put(path, { ...fullNode(path, node) });
    },
  };
}

/** chown(2) takes set-id bits and capabilities from a file, whoever asks and whether or not the owner changes. */
function withoutRights({ mode, xattrs }: Attributes): Partial<Attributes> {
  const bits = mode & ~SET_USER & ((mode & 0o010) === 0 ? ~0 : ~SET_GROUP);
  if (xattrs?.has(CAPABILITY_XATTR) !== true) return { mode: bits };
  const kept = new Map([...xattrs].filter(([name]) => name !== CAPABILITY_XATTR));
  return { mode: bits, ...(kept.size > 0 ? { xattrs: kept } : { xattrs: undefined }) } as Partial<Attributes>;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
