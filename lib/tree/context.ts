import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";
import { compareBytes } from "../bytes.ts";
import { AircrateError, systemCode } from "../error.ts";
import { type IgnoreRules, parseDockerignore } from "./dockerignore.ts";
import { cleanSource, expandSource } from "./expand.ts";
import type { SourceTree, TreeItem } from "./source.ts";

const MAX_LINKS = 40;
const LSTAT = { throwIfNoEntry: false } as const;

/**
 * The context of a Dockerfile, less what its `.dockerignore` excludes.
 *
 * @param folder absolute path
 * @param name the folder as the user knows it
 * @param dockerfile absolute path; `<dockerfile>.dockerignore` beside it counts instead of the folder's
 * @throws AircrateError input when the `.dockerignore` is malformed
 */
export function openContext(folder: string, name: string, dockerfile: string): SourceTree {
  return createContext(folder, name, readIgnoreRules(folder, name, dockerfile));
}

/** A folder with all that is in it. */
export function openFolder(folder: string, name: string): SourceTree {
  return createContext(folder, name, { excludes: () => false, hasExceptions: false });
}

function createContext(folder: string, name: string, rules: IgnoreRules): SourceTree {
  /** Where something lies whose path is clean; `path.join` would look for what is not in it. */
  const locate = (relative: string) => (relative === "" ? folder : `${folder}${path.sep}${relative}`);

  /** @param named the path that it is known by, where that is another one */
  function item(real: string, stats: Stats, where: string, named = real): TreeItem {
    const file = locate(real);
    const owned = { path: named, real, uid: 0, gid: 0 };
    if (stats.isDirectory()) return { ...owned, kind: "directory", mode: 0o755 };
    if (stats.isSymbolicLink()) {
      return { ...owned, kind: "symlink", mode: 0o777, target: readTarget(file, real, where) };
    }
    if (!stats.isFile()) throw specialError(real, stats, where);
    const { size, mtimeMs } = stats;
    const mode = (stats.mode & 0o111) !== 0 ? 0o755 : 0o644;
    const content = size > 0 ? { content: { file, offset: 0, size, mtimeMs } } : undefined;
    const inode = stats.nlink > 1 ? { inode: inodeOf(file) } : undefined;
    return { ...owned, kind: "file", mode, ...content, ...inode };
  }

  function look(relative: string): Stats | undefined {
    try {
      return lstatSync(locate(relative), LSTAT);
    } catch (error) {
      // Below a file, or beyond what a name can be, there is nothing either.
      if (systemCode(error) === "ENOTDIR" || systemCode(error) === "ENAMETOOLONG") return undefined;
      throw error;
    }
  }

  /** Follows every link on the way, the last one too; the result lies in the context or there is none. */
  function follow(relative: string, where: string): string {
    const pending = relative.split("/").reverse();
    const reached: string[] = [];
    let links = 0;
    while (pending.length > 0) {
      const part = pending.pop()!;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (reached.length === 0) throw outsideError(relative, name, where);
        reached.pop();
        continue;
      }
      const here = [...reached, part].join("/");
      const stats = look(here);
      if (stats?.isSymbolicLink() !== true) {
        reached.push(part);
        continue;
      }
      links += 1;
      const target = readlinkSync(locate(here));
      if (links > MAX_LINKS || path.isAbsolute(target)) throw outsideError(here, name, where, target);
      pending.push(...target.split(path.sep === "/" ? "/" : /[\\/]/).reverse());
    }
    return reached.join("/");
  }

  function listNames(relative: string): string[] {
    const names = readdirSync(locate(relative));
    for (const found of names) {
      if (found.includes("\ufffd")) checkName(locate(relative), relative);
    }
    return names.sort(compareBytes);
  }

  function excluded(relative: string): boolean {
    return relative !== "" && rules.excludes(relative);
  }

  function select(source: string, where: string): TreeItem[] {
    const found = expandSource(cleanSource(source, where, OUTSIDE), where, {
      follow: (relative) => follow(relative, where),
      isFolder: (relative) => look(relative)?.isDirectory() === true,
      list: listNames,
    });
    const items: TreeItem[] = [];
    for (const relative of found) {
      if (hidden(relative, where)) continue;
      const real = follow(relative, where);
      const stats = look(real);
      if (stats === undefined || hidden(real, where)) {
        if (real !== relative && look(relative) !== undefined) throw danglingError(relative, real, where);
        continue;
      }
      items.push(item(real, stats, where, relative));
    }
    if (items.length === 0) throw missingError(source, where, found.some(excluded));
    return items;
  }

  /** Excluded, and no folder with something in it that is excepted from the exclusion. */
  function hidden(relative: string, where: string): boolean {
    if (!excluded(relative)) return false;
    const stats = rules.hasExceptions ? look(relative) : undefined;
    return stats?.isDirectory() !== true || walk(item(relative, stats, where), where).length === 0;
  }

  /** Listings of folders that were walked: a tree is read once in a build. */
  const walked = new Map<string, readonly TreeItem[]>();

  function walk(top: TreeItem, where: string): readonly TreeItem[] {
    const base = top.real;
    const known = walked.get(base);
    if (known !== undefined) return known;
    const items: TreeItem[] = [];
    const take = (relative: string, stats: Stats) => {
      const below = base === "" ? relative : relative.slice(base.length + 1);
      items.push(item(relative, stats, where, below));
    };
    const visit = (relative: string) => {
      for (const child of listNames(relative)) {
        const childPath = relative === "" ? child : `${relative}/${child}`;
        const stats = look(childPath);
        if (stats === undefined) throw goneError(childPath, where);
        if (excluded(childPath)) {
          // Something below may be excepted from the exclusion; its folders then come along.
          if (!stats.isDirectory() || !rules.hasExceptions) continue;
          const before = items.length;
          take(childPath, stats);
          visit(childPath);
          if (items.length === before + 1) items.pop();
          continue;
        }
        take(childPath, stats);
        if (stats.isDirectory()) visit(childPath);
      }
    };
    visit(base);
    walked.set(base, items);
    return items;
  }

  return {
    name,
    select: (source, where) => readable(where, () => select(source, where)),
    walk: (top, where) => readable(where, () => walk(top, where)),
  };
}

/** Words what the system says, such as that a folder may not be read, as the tree's fault. */
function readable<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new AircrateError("input", "a file of the build context cannot be read", {
      where,
      reason: (error as Error).message,
      cause: error,
    });
  }
}

function readIgnoreRules(folder: string, name: string, dockerfile: string): IgnoreRules {
  // A file beside the Dockerfile comes before the one of the context (docs.docker.com, "Filename and location").
  for (const [file, shown] of [
    [`${dockerfile}.dockerignore`, `${path.basename(dockerfile)}.dockerignore`],
    [path.join(folder, ".dockerignore"), ".dockerignore"],
  ] as const) {
    try {
      return parseDockerignore(readFileSync(file, "utf8"), path.join(name, shown));
    } catch (error) {
      if (systemCode(error) === "ENOENT") continue;
      if (systemCode(error) === undefined) throw error;
      throw new AircrateError("input", "it cannot be read", {
        where: path.join(name, shown),
        reason: (error as Error).message,
        cause: error,
      });
    }
  }
  return { excludes: () => false, hasExceptions: false };
}

/** Names a file on this machine, also where inode numbers are larger than what a number holds. */
function inodeOf(file: string): string {
  const { dev, ino } = lstatSync(file, { bigint: true });
  return `${dev}:${ino}`;
}

const OUTSIDE = {
  of: "the build context",
  hint: "copy it into the context, or make a folder above it the context",
};

function outsideError(link: string, context: string, where: string, target?: string): AircrateError {
  return new AircrateError("input", `${link} leads out of the build context`, {
    where,
    reason: target === undefined ? `the context is ${context}` : `it links to ${target}; the context is ${context}`,
    hint: "replace the link by what it leads to",
  });
}

function missingError(source: string, where: string, ignored: boolean): AircrateError {
  return new AircrateError("input", `there is no ${source} in the build context`, {
    where,
    ...(ignored && { reason: ".dockerignore excludes it" }),
    hint: ignored
      ? "except it in .dockerignore with a line that begins with !"
      : "paths are relative to the context folder",
  });
}

function danglingError(link: string, target: string, where: string): AircrateError {
  return new AircrateError("input", `there is no ${link} in the build context`, {
    where,
    reason: `it is a link to ${target}, which is not there or is excluded by .dockerignore`,
    hint: "copy what is meant, or remove the link",
  });
}

function goneError(file: string, where: string): AircrateError {
  return new AircrateError("input", `${file} vanished while the tree was read`, { where });
}

function specialError(file: string, stats: Stats, where: string): AircrateError {
  const what = stats.isSocket() ? "a socket" : stats.isFIFO() ? "a named pipe" : "a device";
  return new AircrateError("input", `${file} is ${what}`, {
    where,
    reason: "a layer holds files, folders and links only",
    hint: "exclude it in .dockerignore, or remove it",
  });
}

function readTarget(file: string, relative: string, where: string): string {
  const target = readlinkSync(file);
  if (!target.includes("\ufffd") || readlinkSync(file, { encoding: "buffer" }).equals(Buffer.from(target)))
    return target;
  throw new AircrateError("input", `${relative} links to a name that is not UTF-8`, {
    where,
    hint: "rename what it links to, and link again",
  });
}

/** Tells a name with the character U+FFFD, which is legal, from bytes that are not UTF-8. */
function checkName(folder: string, relative: string): void {
  for (const bytes of readdirSync(folder, { encoding: "buffer" })) {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new AircrateError("input", "a file name is not UTF-8", {
        where: relative === "" ? "." : relative,
        reason: `its bytes are ${bytes.toString("hex")}, read as ${bytes.toString("latin1")}`,
        hint: "rename the file",
      });
    }
  }
}
