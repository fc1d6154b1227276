import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Header, Parser, type ReadEntry } from "tar";

/** What a docker-archive holds of its one image. It shares nothing with the library's own reader. */
export interface SavedImage {
  readonly config: SavedConfig;
  /** Lowest first. */
  readonly layers: readonly (readonly SavedEntry[])[];
}

export interface SavedConfig {
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: Readonly<Record<string, unknown>> | null;
  readonly history?: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
}

/** A member of a layer. */
export interface SavedEntry {
  /** Without a slash at either end. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly link: string;
  readonly sha256: string;
}

/** Reads a docker-archive, of any writer, that holds one image. */
export async function readSavedImage(file: string): Promise<SavedImage> {
  const members = new Map<string, { readonly entry: SavedEntry; readonly data: Buffer }>();
  for (const member of await readTar(readFileSync(file))) members.set(member.entry.path, member);
  const bytesOf = (path: string): Buffer => {
    const member = members.get(path);
    if (member === undefined) throw new Error(`${file}: there is no ${path}`);
    const { entry, data } = member;
    // docker save has a link where two layers are the same.
    return entry.type === "symlink" ? bytesOf(posix.join(posix.dirname(path), entry.link)) : data;
  };
  const images = JSON.parse(bytesOf("manifest.json").toString()) as { Config: string; Layers: string[] | null }[];
  if (images.length !== 1) throw new Error(`${file}: ${images.length} images`);
  const { Config, Layers } = images[0]!;
  const layers = [];
  for (const layer of Layers ?? []) layers.push((await readTar(bytesOf(layer))).map(({ entry }) => entry));
  return { config: JSON.parse(bytesOf(Config).toString()) as SavedConfig, layers };
}

const TYPES: Readonly<Record<string, SavedEntry["type"]>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "directory",
  SymbolicLink: "symlink",
  Link: "hardlink",
};

const GZIP = 0x1f8b;
const WHITEOUT = { type: "file", mode: 0, uid: 0, gid: 0, link: "", sha256: "" } as const;

/** The members of a tar file, which may be gzip'd. */
function readTar(stored: Buffer): Promise<{ entry: SavedEntry; data: Buffer }[]> {
  const bytes = stored.readUInt16BE(0) === GZIP ? gunzipSync(stored) : stored;
  return new Promise((resolve, reject) => {
    const members: { entry: SavedEntry; data: Buffer }[] = [];
    // Two zero blocks are an archive; the parser does not know one that has no more.
    if (bytes.every((byte) => byte === 0)) return resolve(members);
    const parser = new Parser();
    parser.on("warn", (code: string, message: string | Error, { header }: { header?: Header }) => {
      // docker save leaves the target of another member in some whiteouts.
      if (header?.path !== undefined && header.size === 0 && isWhiteout(header.path)) {
        const entry = { path: trimmed(header.path), ...WHITEOUT };
        members.push({ entry, data: Buffer.alloc(0) });
      } else reject(new Error(`${code}: ${message}`));
    });
    parser.on("entry", (found: ReadEntry) => {
      const chunks: Buffer[] = [];
      found.on("data", (chunk: Buffer) => chunks.push(chunk));
      found.on("end", () => {
        const data = Buffer.concat(chunks);
        const { mode = 0, uid = 0, gid = 0, linkpath = "" } = found;
        const entry: SavedEntry = {
          path: trimmed(found.path),
          type: TYPES[found.type] ?? "other",
          ...{ mode: mode & 0o7777, uid, gid, link: linkpath },
          sha256: createHash("sha256").update(data).digest("hex"),
        };
        members.push({ entry, data });
      });
    });
    parser.on("error", reject);
    parser.on("end", () => resolve(members));
    parser.end(bytes);
  });
}

function trimmed(path: string): string {
  return path.replace(/^(?:\.?\/)+|\/+$/g, "").replace(/^\.$/, "");
}

/** A file, folder or link of a root file system; hard links of one file are one node. */
interface Node extends Omit<SavedEntry, "path" | "type"> {
  readonly type: Exclude<SavedEntry["type"], "hardlink">;
}

/** The root that the layers come to (OCI image-spec, layer.md "Applying Changesets"), after each of them. */
export function rootsOf(layers: SavedImage["layers"]): string[][] {
  const root = new Map<string, Node>();
  return layers.map((layer) => {
    // A whiteout is about the layers below, wherever it stands in its own.
    for (const { path } of layer) hide(root, path);
    for (const entry of layer) if (!isWhiteout(entry.path) && entry.path !== "") put(root, entry);
    return describeRoot(root);
  });
}

/** Paths of what a layer removes of those below it; an opaque folder ends with `/*`. */
export function whiteoutsOf(layer: SavedImage["layers"][number]): string[] {
  return layer
    .filter(({ path }) => isWhiteout(path))
    .map(({ path }) => posix.join(posix.dirname(path), posix.basename(path).slice(4).replace(".wh..opq", "*")))
    .sort();
}

function isWhiteout(path: string): boolean {
  return posix.basename(path).startsWith(".wh.");
}

function hide(root: Map<string, Node>, path: string): void {
  if (!isWhiteout(path)) return;
  const folder = posix.dirname(path);
  const name = posix.basename(path).slice(4);
  const hidden = name === ".wh..opq" ? folder : posix.join(folder, name);
  if (name !== ".wh..opq") root.delete(hidden);
  for (const known of root.keys()) if (known.startsWith(`${hidden}/`)) root.delete(known);
}

function put(root: Map<string, Node>, { path, type, ...rest }: SavedEntry): void {
  const before = root.get(path);
  if (before?.type === "directory" && type !== "directory") {
    for (const known of root.keys()) if (known.startsWith(`${path}/`)) root.delete(known);
  }
  for (let dir = posix.dirname(path); dir !== "."; dir = posix.dirname(dir)) {
    if (root.get(dir)?.type !== "directory") throw new Error(`${path}: its layer has no folder ${dir}`);
  }
  if (type !== "hardlink") {
    root.set(path, { type, ...rest });
    return;
  }
  const target = root.get(trimmed(rest.link));
  if (target === undefined) throw new Error(`${path}: a hard link to ${rest.link}, which is not there`);
  root.set(path, target);
}

/** One line each, in the order of the paths: `etc/conf file 644 0:0 sha256`. */
function describeRoot(root: ReadonlyMap<string, Node>): string[] {
  const firsts = new Map<Node, string>();
  return [...root.keys()].sort().map((path) => {
    const node = root.get(path)!;
    const { type, mode, uid, gid, link, sha256 } = node;
    const first = firsts.get(node);
    if (first !== undefined) return `${path} = ${first}`;
    firsts.set(node, path);
    // Permissions of a link mean nothing, and no two writers agree on them.
    const permissions = type === "symlink" ? "" : ` ${mode.toString(8)}`;
    const content = type === "symlink" ? ` -> ${link}` : type === "file" ? ` ${sha256.slice(0, 16)}` : "";
    return `${path} ${type}${permissions} ${uid}:${gid}${content}`;
  });
}
