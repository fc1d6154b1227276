import { createHash, type Hash } from "node:crypto";
import { type Digest, digestOf } from "../digest.ts";
import { type FoundEntry, type FoundType, type TarEvent, TarFormatError } from "../tar/parser.ts";
import { readWhiteout } from "../tar/whiteout.ts";
import { cleanPath } from "./tree-index.ts";

/** What is in a layer. */
export interface LayerContents {
  /** In the order of the archive; of several with one path the last counts. */
  readonly entries: readonly ContentEntry[];
  /** Whether there are more: what is kept of one file is limited. */
  readonly truncated: boolean;
  /** Why what follows could not be read. Engines refuse such a layer. */
  readonly fault?: string;
}

export interface ContentEntry {
  /**
   * Relative, without `.`, doubled slashes or a slash at either end; `""` is the root. What is not UTF-8 is U+FFFD. Of a
   * whiteout it is the path that it hides, of `opaque` the folder whose content in the layers below is hidden.
   */
  readonly path: string;
  /** `other`: a device, a named pipe, a sparse file. */
  readonly kind: "file" | "directory" | "symlink" | "hardlink" | "whiteout" | "opaque" | "other";
  /** Bytes of content; 0 unless a file. */
  readonly size: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Target of a symbolic link, as it stands there; path of a hard link's target in the layer, as clean as `path`. */
  readonly link?: string;
  /** SHA-256 of a file's content. */
  readonly digest?: Digest;
  /** SHA-256 of the values of extended attributes, by their full names; absent when there are none. */
  readonly xattrs?: ReadonlyMap<string, Digest>;
}

/** Room for lists, shared by all layers of a file. */
export interface ListRoom {
  /** Whether so many bytes more may be kept. */
  take(size: number): boolean;
}

/** Lists what is in a layer while its plain tar is parsed. */
export interface EntryList {
  see(event: TarEvent): void;
  /** @param fault why the tar file cannot be read on */
  finish(fault?: string): LayerContents;
}

/** About what V8 takes for an entry without its names, and for a digest. */
const ENTRY_SIZE = 250;
const DIGEST_SIZE = 100;

const KINDS: Readonly<Record<FoundType, ContentEntry["kind"]>> = {
  file: "file",
  directory: "directory",
  symlink: "symlink",
  hardlink: "hardlink",
  device: "other",
  fifo: "other",
  other: "other",
};

export function createEntryList(room: ListRoom): EntryList {
  const entries: ContentEntry[] = [];
  let truncated = false;
  let fault: string | undefined;
  let open: { readonly entry: ContentEntry; readonly hash: Hash | undefined } | undefined;

  function begin(found: FoundEntry): void {
    try {
      const entry = entryOf(found);
      if (entry === undefined) return;
      if (room.take(sizeOf(entry, entries.at(-1)?.path ?? "")))
        open = { entry, hash: entry.kind === "file" ? createHash("sha256") : undefined };
      else truncated = true;
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      fault = error.message;
    }
  }

  return {
    see(event) {
      if (truncated || fault !== undefined) return;
      if (event.kind === "entry") begin(event.entry);
      else if (event.kind === "data") open?.hash?.update(event.bytes);
      else if (open !== undefined) {
        const { entry, hash } = open;
        open = undefined;
        entries.push(hash === undefined ? entry : { ...entry, digest: `sha256:${hash.digest("hex")}` });
      }
    },
    finish(outer) {
      const why = fault ?? outer;
      return { entries, truncated, ...(why !== undefined && { fault: why }) };
    },
  };
}

/** @returns undefined for what says nothing about the image @throws TarFormatError for a path that climbs */
function entryOf({ path, type, size, mode, uid, gid, link, xattrs }: FoundEntry): ContentEntry | undefined {
  const clean = cleanPath(path);
  const mark = readWhiteout(clean);
  if (mark?.kind === "nothing") return undefined;
  if (mark !== undefined) return { path: mark.path, kind: mark.kind, size: 0, mode, uid, gid };
  const kind = KINDS[type];
  return {
    ...{ path: clean, kind, size: kind === "file" ? size : 0, mode, uid, gid },
    ...(kind === "symlink" && { link }),
    ...(kind === "hardlink" && { link: cleanPath(link) }),
    ...(xattrs !== undefined && { xattrs: new Map([...xattrs].map(([name, value]) => [name, digestOf(value)])) }),
  };
}

/** @param before path of the entry in front of it */
function sizeOf({ path, kind, link = "", xattrs }: ContentEntry, before: string): number {
  let size =
    ENTRY_SIZE * (1 + impliedFolders(path, before)) + path.length + link.length + (kind === "file" ? DIGEST_SIZE : 0);
  for (const name of xattrs?.keys() ?? []) size += DIGEST_SIZE + name.length;
  return size;
}

/**
 * Folders on the way to an entry that nothing in front of it is in: layers rarely leave them out, and whoever makes a tree
 * of the list makes a folder of each part of a path.
 */
function impliedFolders(path: string, before: string): number {
  const names = path.split("/");
  const others = before.split("/");
  let same = 0;
  while (same < names.length - 1 && names[same] === others[same]) same += 1;
  return names.length - 1 - same;
}
