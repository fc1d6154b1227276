import type { FileChange, FileChanges, FileState } from "../../spec/diff.ts";
import { compareBytes } from "../bytes.ts";
import type { TreeEntry, TreeNode } from "./tree.ts";

/** Changes that are listed of one comparison: what there are more of is only counted. */
const MAX_LISTED = 500_000;

/** Counts changes, and lists the first of them, of all images together. */
export interface ChangeList {
  room: number;
}

export function createChangeList(): ChangeList {
  return { room: MAX_LISTED };
}

/** Nothing differs. @param unknown why that could not be found out */
export function noChanges(unknown?: string): FileChanges {
  const none = () => ({ count: 0, from: 0, to: 0 });
  return {
    totals: { added: none(), removed: none(), changed: none(), attributes: none(), type: none() },
    ...{ list: [], truncated: false },
    ...(unknown !== undefined && { unknown }),
  };
}

/** What differs between two roots, by path in the order of their bytes; a root that is not there is empty. */
export function compareTrees(from: TreeNode | undefined, to: TreeNode | undefined, listed: ChangeList): FileChanges {
  const changes = noChanges();
  let truncated = false;

  function add(path: string, change: FileChange["change"], one?: TreeEntry, other?: TreeEntry): void {
    const total = changes.totals[change];
    total.count += 1;
    total.from += one?.size ?? 0;
    total.to += other?.size ?? 0;
    if (listed.room === 0) {
      truncated = true;
      return;
    }
    listed.room -= 1;
    changes.list.push({ path, change, ...(one && { from: stateOf(one) }), ...(other && { to: stateOf(other) }) });
  }

  function visit(path: string, one: TreeNode | undefined, other: TreeNode | undefined): void {
    // The root is a folder in every image; one that is not there has no attributes to differ.
    if (path !== "" || (one !== undefined && other !== undefined)) {
      const change = changeOf(one?.entry, other?.entry);
      if (change !== undefined) add(path, change, one?.entry, other?.entry);
    }
    for (const name of namesOf(one, other)) {
      visit(path === "" ? name : `${path}/${name}`, one?.children?.get(name), other?.children?.get(name));
    }
  }

  visit("", from, to);
  return { ...changes, truncated };
}

function namesOf(one: TreeNode | undefined, other: TreeNode | undefined): string[] {
  return [...new Set([...(one?.children?.keys() ?? []), ...(other?.children?.keys() ?? [])])].sort(compareBytes);
}

function changeOf(one: TreeEntry | undefined, other: TreeEntry | undefined): FileChange["change"] | undefined {
  if (one === undefined) return "added";
  if (other === undefined) return "removed";
  if (one === other) return undefined;
  if (one.kind !== other.kind) return "type";
  if (one.size !== other.size || one.digest !== other.digest || one.link !== other.link) return "changed";
  return sameAttributes(one, other) ? undefined : "attributes";
}

function sameAttributes(one: TreeEntry, other: TreeEntry): boolean {
  // Nobody looks at the mode of a symbolic link.
  if (one.kind !== "symlink" && one.mode !== other.mode) return false;
  if (one.uid !== other.uid || one.gid !== other.gid || one.xattrs?.size !== other.xattrs?.size) return false;
  return [...(one.xattrs ?? [])].every(([name, digest]) => other.xattrs?.get(name) === digest);
}

function stateOf({ kind, size, mode, uid, gid, link, digest, xattrs }: TreeEntry): FileState {
  return {
    ...{ kind, size, mode: mode.toString(8).padStart(4, "0"), uid, gid },
    ...(link !== undefined && { link }),
    ...(digest !== undefined && { digest }),
    ...(xattrs !== undefined && { xattrs: [...xattrs.keys()].sort(compareBytes) }),
  };
}
