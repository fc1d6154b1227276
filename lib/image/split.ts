import type { TarEntry } from "../tar/sequence.ts";
import { WHITEOUT } from "../tar/whiteout.ts";

/** A layer's entries, or the part of them that changes rarely or often. */
export interface LayerPart {
  readonly entries: readonly TarEntry[];
  /** For the history. */
  readonly comment?: string;
}

/** Folders that installers fill: what is in them changes with the dependencies, not with the application. */
const DEPENDENCIES = /(?:^|\/)(?:site-packages|dist-packages|node_modules|vendor|lib|lib64)\//;

/**
 * Parts the entries of a layer into dependencies and application, so that an update of one leaves the layer of the other
 * as it is. Below both there is what was there before; so whiteouts go first, and all names of one file stay together.
 *
 * @returns the entries as they are when all of them belong to one of the two
 */
export function splitLayer(entries: readonly TarEntry[]): readonly LayerPart[] {
  const first = new Set<string>();
  for (const { path, type, link } of entries) {
    if (type === "directory" || !DEPENDENCIES.test(path)) continue;
    first.add(path);
    if (type === "hardlink") first.add(link!);
  }
  if (first.size === 0) return [{ entries }];
  for (const { path } of entries) if (isWhiteout(path)) first.add(path);
  for (const { path, type, link } of entries) if (type === "hardlink" && first.has(link!)) first.add(path);
  const dependencies = withFolders(entries, ({ path }) => first.has(path));
  const application = withFolders(entries, ({ path }) => !first.has(path));
  if (application.length === 0) return [{ entries }];
  return [
    { entries: dependencies, comment: "dependencies" },
    { entries: application, comment: "application" },
  ];
}

function isWhiteout(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(WHITEOUT);
}

/** The files of a part with the folders above them; a folder that nothing is below goes by itself. */
function withFolders(entries: readonly TarEntry[], belongs: (entry: TarEntry) => boolean): TarEntry[] {
  const folders = new Set<string>();
  const filled = new Set<string>();
  for (const entry of entries) {
    if (entry.type === "directory") continue;
    const mine = belongs(entry);
    for (let slash = entry.path.lastIndexOf("/"); slash > 0; slash = entry.path.lastIndexOf("/", slash - 1)) {
      const folder = entry.path.slice(0, slash);
      filled.add(folder);
      if (mine) folders.add(folder);
    }
  }
  return entries.filter((entry) => {
    if (entry.type !== "directory") return belongs(entry);
    return folders.has(entry.path) || (!filled.has(entry.path) && belongs(entry));
  });
}
