import { compareBytes } from "../bytes.ts";
import type { Digest } from "../digest.ts";
import type { RootDirectory, RootNode } from "../image/node.ts";
import { joinPath } from "../tree/expand.ts";
import type { MergedTree, Origin } from "./merge.ts";

/** A file, folder or link that is taken out of an image. */
export interface Item {
  /** Relative to what is taken; `""` is that itself. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "hardlink";
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 unless a file. */
  readonly size: number;
  /** SHA-256 of a file's content. */
  readonly digest?: Digest;
  /** Target of a symbolic link; of a hard link the path of the item that is the file. */
  readonly link?: string;
  /** Where the rest is known: time, attributes, content. */
  readonly origin?: Origin;
}

/** What cannot be taken out, and why. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** All that is at and below a node, folders before what is in them, in the byte order of names. */
export function listItems(top: RootNode, { originOf }: MergedTree): { items: Item[]; leftOut: LeftOut[] } {
  const items: Item[] = [];
  const leftOut: LeftOut[] = [];
  const files = new Map<RootNode, string>();
  const visit = (node: RootNode, path: string) => {
    const origin = originOf(node);
    const why = unfit(node, path, origin);
    if (why !== undefined) {
      leftOut.push({ path, why });
      return;
    }
    const first = files.get(node);
    const item = itemOf(node, path, origin);
    items.push(first === undefined ? item : { ...item, kind: "hardlink", size: 0, link: first });
    if (node.kind === "file" && first === undefined) files.set(node, path);
    if (node.kind !== "directory") return;
    for (const [name, child] of sortedChildren(node)) visit(child, joinPath(path, name));
  };
  visit(top, "");
  return { items, leftOut };
}

/** What a folder holds, in the byte order of names. */
export function sortedChildren(folder: RootDirectory): [name: string, node: RootNode][] {
  return [...folder.children].sort(([a], [b]) => compareBytes(a, b));
}

function unfit(node: RootNode, path: string, origin: Origin | undefined): string | undefined {
  if (origin?.entry.kind === "other") return "a device, a named pipe or a sparse file";
  if (path.includes("\ufffd")) return "its name is not UTF-8";
  return node.kind === "symlink" && node.target.includes("\ufffd") ? "its target is not UTF-8" : undefined;
}

export function itemOf(node: RootNode, path: string, origin: Origin | undefined): Item {
  const { uid, gid } = "uid" in node ? node : { uid: 0, gid: 0 };
  const { size = 0, digest } = origin?.entry ?? {};
  return {
    ...{ path, kind: node.kind, uid, gid, size },
    mode: "mode" in node ? node.mode : 0o777,
    ...(node.kind === "symlink" && { link: node.target }),
    ...(digest !== undefined && { digest }),
    ...(origin !== undefined && { origin }),
  };
}
