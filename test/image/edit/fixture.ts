import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RootNode } from "../../../lib/image/node.ts";
import { createRootFs, directory, type RootFs } from "../../../lib/image/rootfs.ts";

/** What lies at a path: `rwx` bits, owner, and text or target. */
export interface Item {
  readonly path: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly text?: string;
  readonly target?: string;
}

export const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\nweb.dev:x:1002:1002::/:/bin/sh\n";
export const GROUP = "root:x:0:\napp:x:1001:\nstaff:x:50:web.dev,app\nweb:x:60:\n";

const APP = { uid: 1000, gid: 1001 };

/** A root for commands to work on; what is not a link and has no text is a folder. */
export const FIXTURE: readonly Item[] = [
  { path: "etc" },
  { path: "etc/passwd", text: PASSWD },
  { path: "etc/group", text: GROUP },
  { path: "tmp", mode: 0o1777 },
  { path: "home" },
  { path: "home/app", ...APP },
  { path: "root", mode: 0o700 },
  { path: "w" },
  { path: "w/file", text: "x" },
  { path: "w/exec", mode: 0o755, text: "x" },
  { path: "w/suid", mode: 0o4755, text: "x" },
  { path: "w/sgid", mode: 0o2755, text: "x" },
  { path: "w/lock", mode: 0o2644, text: "x" },
  { path: "w/a b", text: "x" },
  { path: "w/dir" },
  { path: "w/dir/a", text: "x" },
  { path: "w/dir/b", mode: 0o600, text: "x", ...APP },
  { path: "w/dir/.hidden", text: "x" },
  { path: "w/dir/link", target: "a" },
  { path: "w/dir/sub", mode: 0o750 },
  { path: "w/dir/sub/c", mode: 0o640, text: "x" },
  { path: "w/empty" },
  { path: "w/link", target: "file" },
  { path: "w/folder", target: "dir" },
  { path: "w/absolute", target: "/w/dir/sub" },
  { path: "w/nowhere", target: "missing" },
  { path: "w/loop", target: "loop" },
  { path: "w/shared", mode: 0o2775, gid: 50 },
  { path: "w/shared/x", gid: 50, text: "x" },
  { path: "w/sticky", mode: 0o1777 },
  { path: "w/sticky/root", text: "x" },
  { path: "w/sticky/app", text: "x", ...APP },
  { path: "w/own", ...APP },
  { path: "w/own/x", text: "x", ...APP },
  { path: "w/own/of-root", mode: 0o700 },
  { path: "w/own/of-root/y", text: "x" },
  { path: "w/own/readable" },
  { path: "w/own/bare", mode: 0o700 },
  { path: "w/group", mode: 0o770, gid: 50 },
  { path: "w/group/z", text: "x", gid: 50 },
];

const isFolder = ({ text, target }: Item) => text === undefined && target === undefined;

export function rootOf(items: readonly Item[]): RootFs {
  const root = createRootFs();
  for (const item of items) root.put(item.path, nodeOf(item));
  return root;
}

function nodeOf(item: Item): RootNode {
  const { mode = isFolder(item) ? 0o755 : 0o644, uid = 0, gid = 0, text, target } = item;
  if (target !== undefined) return { kind: "symlink", target, uid, gid };
  if (text === undefined) return directory({ mode, uid, gid });
  const bytes = Buffer.from(text);
  return { kind: "file", mode, uid, gid, content: { bytes } };
}

/** Puts the same into a folder; whoever does it must be root. */
export function writeItems(dir: string, items: readonly Item[]): void {
  for (const item of items) {
    const { mode = isFolder(item) ? 0o755 : 0o644, uid = 0, gid = 0, text, target } = item;
    const file = join(dir, item.path);
    if (target !== undefined) {
      symlinkSync(target, file);
      lchownSync(file, uid, gid);
      continue;
    }
    if (text === undefined) mkdirSync(file);
    else writeFileSync(file, text);
    chownSync(file, uid, gid);
    chmodSync(file, mode);
  }
}

/** One line for each path below the tops: `path 0755 0:0`, links with their target. */
export function listRoot(root: RootFs, tops: readonly string[]): string[] {
  const lines: string[] = [];
  const visit = (path: string, node: RootNode | undefined) => {
    if (node === undefined) return;
    if (!("uid" in node)) throw new Error(`${path} is of a layer`);
    const rest = node.kind === "symlink" ? `-> ${node.target}` : node.mode.toString(8).padStart(4, "0");
    lines.push(`${path}${node.kind === "directory" ? "/" : ""} ${rest} ${node.uid}:${node.gid}`);
    if (node.kind === "directory") for (const [name, child] of node.children) visit(`${path}/${name}`, child);
  };
  for (const top of tops) visit(top, root.find(top));
  return lines.sort();
}

export function listFolder(dir: string, tops: readonly string[]): string[] {
  const lines: string[] = [];
  const visit = (path: string) => {
    const file = join(dir, path);
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found === undefined) return;
    const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
    const rest = found.isSymbolicLink() ? `-> ${readlinkSync(file)}` : mode;
    lines.push(`${path}${found.isDirectory() ? "/" : ""} ${rest} ${found.uid}:${found.gid}`);
    if (found.isDirectory()) for (const name of readdirSync(file)) visit(`${path}/${name}`);
  };
  for (const top of tops) visit(top);
  return lines.sort();
}

export function removeItems(dir: string, items: readonly Item[]): void {
  for (const top of new Set(items.map(({ path }) => path.split("/")[0]!)))
    rmSync(join(dir, top), { recursive: true, force: true });
}
