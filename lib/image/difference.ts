import { compareBytes } from "../bytes.ts";
import { segmentSize, type TarEntry } from "../tar/sequence.ts";
import { OPAQUE, WHITEOUT } from "../tar/whiteout.ts";
import type { RootDirectory, RootNode } from "./node.ts";

/**
 * The entries of the layer that leads from one state of a root to another, in the order of a layer: by the bytes of
 * their paths. What was put anew is an entry, also when it is equal to what was there; what is gone is a whiteout. Every
 * folder on the way to a change is in the layer with the attributes it has in the image, because a loader that has to
 * make it up takes 0755 and root, and those would hide the ones of the layers below.
 *
 * @param mtime seconds since 1970 that every entry gets
 * @throws Error when a file of a pulled layer was put to another place as it is
 */
export function layerEntries(before: RootDirectory, after: RootDirectory, mtime: number): TarEntry[] {
  const entries: Found[] = [];
  compare("", before, after, entries);
  entries.sort((a, b) => compareBytes(a.path, b.path));
  const named = new Map<RootNode, string>();
  return entries.map(({ path, node }) => {
    if (node === undefined) return { path, type: "file", mode: 0o600, uid: 0, gid: 0, size: 0, mtime };
    const entry = entryOf(path, node, mtime);
    if (node.kind !== "file") return entry;
    const first = named.get(node);
    if (first === undefined) named.set(node, path);
    const { content: _, ...rest } = entry;
    return first === undefined ? entry : { ...rest, type: "hardlink", size: 0, link: first };
  });
}

interface Found {
  readonly path: string;
  /** Nothing for a whiteout. */
  readonly node: RootNode | undefined;
}

function compare(path: string, before: RootDirectory | undefined, after: RootDirectory, found: Found[]): void {
  const below = path === "" ? "" : `${path}/`;
  const same = before?.self === after.self;
  if (before !== undefined && !same && before.children.size > 0) {
    found.push({ path: `${below}${OPAQUE}`, node: undefined });
  }
  const known = same ? before.children : undefined;
  if (known !== undefined) {
    for (const name of known.keys()) {
      if (!after.children.has(name)) found.push({ path: `${below}${WHITEOUT}${name}`, node: undefined });
    }
  }
  for (const [name, node] of after.children) {
    const old = known?.get(name);
    if (old === node) continue;
    const place = `${below}${name}`;
    found.push({ path: place, node });
    if (node.kind !== "directory") continue;
    // What a folder that is another one hides has to be told only where the folder above is the same.
    compare(place, old?.kind === "directory" ? old : undefined, node, found);
  }
}

function entryOf(path: string, node: RootNode, mtime: number): TarEntry {
  if (!("uid" in node)) throw new Error(`/${path} was not taken out of its layer`);
  const { uid, gid } = node;
  if (node.kind === "symlink") {
    return { path, type: "symlink", mode: 0o777, uid, gid, size: 0, mtime, link: node.target };
  }
  const { kind: type, mode, xattrs } = node;
  const content = node.kind === "file" ? node.content : undefined;
  const size = content === undefined ? 0 : segmentSize(content);
  // There may be many entries, and objects that are put together take several times as long.
  const entry: Mutable<TarEntry> = { path, type, mode, uid, gid, size, mtime };
  if (xattrs !== undefined) entry.xattrs = xattrs;
  if (content !== undefined) entry.content = content;
  return entry;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
