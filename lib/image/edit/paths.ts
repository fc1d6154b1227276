import { MAX_LINKS } from "../links.ts";
import type { RootNode } from "../node.ts";
import type { RootFs } from "../rootfs.ts";
import { FileFailure } from "./errno.ts";
import { mayAccess, type Process, SEARCH } from "./process.ts";

/** A place in the root that a path leads to, links on the way followed. */
export interface Place {
  /** Relative to the root, `""` is the root itself. */
  readonly path: string;
  /** Nothing when only the folder is there. */
  readonly node: RootNode | undefined;
}

/** Where paths, absolute or relative to a working folder, lead a process (path_resolution(7)). */
export interface Paths {
  /** @throws FileFailure when a folder on the way is missing, no folder, or may not be searched */
  locate(path: string, links: "follow" | "keep"): Place;
  /** As `locate`, but of what is there. @throws FileFailure */
  require(path: string, links: "follow" | "keep"): { readonly path: string; readonly node: RootNode };
  /** Changes the working folder. @returns it, absolute, links followed @throws FileFailure */
  enter(folder: string): string;
}

const MAX_NAME = 255;
const MAX_PATH = 4095;

/** @param folder the working folder at the start, absolute @throws FileFailure when it cannot be entered */
export function pathsOf(root: RootFs, process: Process, folder: string): Paths {
  let current = "";
  /** The folder itself, which may be removed while it is the working folder. */
  let entered: object | undefined;

  function locate(path: string, links: "follow" | "keep"): Place {
    if (path === "") throw new FileFailure("ENOENT");
    if (Buffer.byteLength(path) > MAX_PATH) throw new FileFailure("ENAMETOOLONG");
    if (!path.startsWith("/") && !isThere()) throw new FileFailure("ENOENT");
    const asFolder = /\/\.?$/.test(path);
    const pending = (path.startsWith("/") ? path : `${current}/${path}`).split("/").filter((name) => name !== "");
    pending.reverse();
    let reached: string[] = [];
    let followed = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const here = reached.join("/");
      const parent = root.find(here);
      if (parent === undefined) throw new FileFailure("ENOENT");
      if (parent.kind !== "directory") throw new FileFailure("ENOTDIR");
      if (!mayAccess(process, parent, SEARCH)) throw new FileFailure("EACCES");
      if (name === ".") continue;
      if (name === "..") {
        reached.pop();
        continue;
      }
      if (Buffer.byteLength(name) > MAX_NAME) throw new FileFailure("ENAMETOOLONG");
      const node = parent.children.get(name);
      if (node?.kind !== "symlink" || (pending.length === 0 && links === "keep" && !asFolder)) {
        reached.push(name);
        continue;
      }
      followed += 1;
      if (followed > MAX_LINKS) throw new FileFailure("ELOOP");
      if (node.target.startsWith("/")) reached = [];
      pending.push(
        ...node.target
          .split("/")
          .filter((part) => part !== "")
          .reverse(),
      );
    }
    const found = reached.join("/");
    const node = root.find(found);
    if (asFolder && node?.kind !== "directory") throw new FileFailure(node === undefined ? "ENOENT" : "ENOTDIR");
    return { path: found, node };
  }

  function isThere(): boolean {
    const node = root.find(current.slice(1));
    return node?.kind === "directory" && node.self === entered;
  }

  function require(path: string, links: "follow" | "keep") {
    const { path: found, node } = locate(path, links);
    if (node === undefined) throw new FileFailure("ENOENT");
    return { path: found, node };
  }

  function enter(next: string): string {
    const { path, node } = require(next, "follow");
    if (node.kind !== "directory") throw new FileFailure("ENOTDIR");
    if (!mayAccess(process, node, SEARCH)) throw new FileFailure("EACCES");
    current = `/${path}`;
    entered = node.self;
    return current;
  }

  enter(folder);
  return { locate, require, enter };
}
