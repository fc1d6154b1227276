import type { RootNode } from "../../lib/image/node.ts";
import { directory } from "../../lib/image/rootfs.ts";

/** Nodes for roots that are made by hand; files and links as pulled layers have them. */
export const FILE: RootNode = { kind: "file", layer: undefined };

export function link(target: string): RootNode {
  return { kind: "symlink", target, layer: undefined };
}

export function folder(mode: number, uid: number, gid: number): RootNode {
  return directory({ mode, uid, gid });
}
