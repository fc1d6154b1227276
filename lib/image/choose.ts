import { posix } from "node:path";
import { AircrateError } from "../error.ts";
import { compileIgnorePattern, ignorePath } from "../tree/ignore-pattern.ts";
import type { TreeItem } from "../tree/source.ts";

/** What of a tree is copied. Paths are relative to the folder that is copied; that of a single file is its name. */
export interface Choice {
  /** Whether a path, and with it all below it, is copied; without it everything is. */
  readonly includes?: (path: string) => boolean;
  /** Whether a path is left out; asked for what lies below such a folder, too. */
  readonly excludes?: (path: string) => boolean;
  /** New paths by old ones; what lies below goes along. */
  readonly rename?: ReadonlyMap<string, string>;
}

/** Whether an item that is named itself is copied: a folder is, since the choice is about what is in it. */
export function isChosen({ kind, path }: TreeItem, { includes, excludes }: Choice): boolean {
  const name = posix.basename(path);
  return kind === "directory" || ((includes?.(name) ?? true) && !excludes?.(name));
}

/**
 * The items of a walk that are copied, with the folders above them.
 *
 * @throws AircrateError input when there is nothing to rename under a name
 */
export function chooseItems(
  items: readonly TreeItem[],
  { choice = {}, where }: { readonly choice?: Choice; readonly where: string },
): readonly TreeItem[] {
  const { includes, excludes, rename } = choice;
  const included = includes === undefined ? items : withParents(items, includes);
  const kept = excludes === undefined ? included : withoutExcluded(included, excludes);
  return rename === undefined ? kept : renamed(kept, rename, where);
}

/** The items that match, what lies below them, and the folders above them. */
export function withParents(items: readonly TreeItem[], matches: (path: string) => boolean): TreeItem[] {
  const kept = new Set<string>();
  for (const { path } of items) {
    if (kept.has(posix.dirname(path)) || matches(path)) kept.add(path);
  }
  const above = new Set<string>();
  for (const path of kept) for (let up = posix.dirname(path); up !== "."; up = posix.dirname(up)) above.add(up);
  return items.filter(({ path }) => kept.has(path) || above.has(path));
}

/** An excluded folder comes along when something in it is excepted. */
function withoutExcluded(items: readonly TreeItem[], excludes: (path: string) => boolean): TreeItem[] {
  const needed = new Set<string>();
  const kept: TreeItem[] = [];
  for (const item of items.toReversed()) {
    if (excludes(item.path) && !needed.has(item.path)) continue;
    kept.push(item);
    needed.add(posix.dirname(item.path));
  }
  return kept.reverse();
}

function renamed(items: readonly TreeItem[], rename: ReadonlyMap<string, string>, where: string): TreeItem[] {
  const unused = new Set(rename.keys());
  const moved = items.map((item) => {
    for (let path = item.path; path !== "."; path = posix.dirname(path)) {
      const to = rename.get(path);
      if (to === undefined) continue;
      unused.delete(path);
      return { ...item, path: to + item.path.slice(path.length) };
    }
    return item;
  });
  const [missing] = unused;
  if (missing === undefined) return moved;
  throw new AircrateError("input", `there is no ${missing} to be renamed`, {
    where,
    hint: "paths are relative to the folder that is copied",
  });
}

/**
 * A matcher of one pattern in the grammar of `.dockerignore`.
 *
 * @throws AircrateError input
 */
export function compilePattern(pattern: string, where: string): (path: string) => boolean {
  try {
    const matches = compileIgnorePattern(pattern);
    return (path) => matches(ignorePath(path));
  } catch (error) {
    throw new AircrateError("input", (error as Error).message, { where, cause: error });
  }
}
