import type { LayerTree } from "../../spec/store.ts";
import { createCutter } from "../tar/cuts.ts";
import { BLOCK, paddingOf } from "../tar/header.ts";
import { createTarParser, type FoundEntry, TarFormatError } from "../tar/parser.ts";
import { readWhiteout } from "../tar/whiteout.ts";

/** Texts of accounts are kept up to this size, in bytes: a passwd file beyond it is no passwd file. */
export const MAX_ACCOUNTS = 256 * 1024;

/** Collects the names in a layer while its plain tar streams by. */
export interface TreeIndexer {
  write(chunk: Uint8Array): void;
  finish(): IndexedLayer;
}

export interface IndexedLayer {
  readonly tree: LayerTree;
  /** Where the packing rule cuts the plain tar, see {@link createCutter}. */
  readonly cuts: number[];
}

/** @throws TarFormatError from `write` and `finish` when the layer is no tar file or one of its paths is unsafe */
export function createTreeIndexer(): TreeIndexer {
  const parser = createTarParser();
  const directories: LayerTree["directories"] = [];
  const symlinks: LayerTree["symlinks"] = [];
  const files: string[] = [];
  const whiteouts: string[] = [];
  const opaque: string[] = [];
  const accounts: LayerTree["accounts"] = {};
  const cutter = createCutter();
  /** Where the headers of the next entry begin. */
  let next = 0;
  let account: { key: "passwd" | "group"; parts: Uint8Array[] } | undefined;

  function add(entry: FoundEntry): void {
    const path = cleanPath(entry.path);
    if (path === "") {
      if (entry.type === "directory") directories.push(["", entry.mode.toString(8), entry.uid, entry.gid]);
      return;
    }
    const mark = readWhiteout(path);
    if (mark?.kind === "nothing") return;
    if (mark?.kind === "opaque") opaque.push(mark.path);
    else if (mark?.kind === "whiteout") whiteouts.push(mark.path);
    else if (entry.type === "directory") directories.push([path, entry.mode.toString(8), entry.uid, entry.gid]);
    else if (entry.type === "symlink") symlinks.push([path, entry.link]);
    else files.push(path);
    if (entry.type === "file" && entry.size <= MAX_ACCOUNTS) {
      if (path === "etc/passwd") account = { key: "passwd", parts: [] };
      else if (path === "etc/group") account = { key: "group", parts: [] };
    }
  }

  return {
    write(chunk) {
      for (const event of parser.feed(chunk)) {
        if (event.kind === "entry") {
          const { path, offset, size } = event.entry;
          cutter.add(path, next);
          next = offset + BLOCK + size + paddingOf(size);
          add(event.entry);
        } else if (event.kind === "data") account?.parts.push(Buffer.from(event.bytes));
        else if (account !== undefined) {
          accounts[account.key] = Buffer.concat(account.parts).toString("utf8");
          account = undefined;
        }
      }
    },
    finish() {
      const { size } = parser.finish();
      const names = files.join("\0");
      return {
        tree: { version: 1, directories, symlinks, files: names, whiteouts, opaque, accounts },
        cuts: cutter.finish(size),
      };
    },
  };
}

/**
 * `./a//b/` and `/a/b` are `a/b`, as for every loader; `""` is the root.
 *
 * @throws TarFormatError for a path that climbs or holds a NUL byte
 */
export function cleanPath(path: string): string {
  if (path.includes("\0")) throw new TarFormatError("a path holds a NUL byte");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new TarFormatError(`the path ${JSON.stringify(path)} leaves the layer`);
  return parts.join("/");
}
