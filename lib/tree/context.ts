import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";
import { compareBytes } from "../bytes.ts";
import { AircrateError, systemCode } from "../error.ts";
import { type IgnoreRules, parseDockerignore } from "./dockerignore.ts";
import { compileGlob } from "./glob.ts";

/** A file, folder or symbolic link below the root of a build context. */
export interface ContextItem {
  /**
   * With `/`. Of a selected item: as the source names it, relative to the context (`""` is the context itself). Of one
   * found by a walk: relative to the folder that was walked.
   */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  /** Path to open. */
  readonly file: string;
  /** Bytes of a file. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  /** Target of a symbolic link, as it is. */
  readonly target: string;
}

/** The folder that a build may read from, and nothing outside of it. */
export interface BuildContext {
  /** As the user knows it, for errors. */
  readonly name: string;
  /**
   * The items that a source of COPY names: `src`, `./src/`, `*.py`. A symbolic link that is named itself, or that lies
   * on the way, is followed inside the context.
   *
   * @throws AircrateError input when nothing is there, or a link leaves the context
   */
  select(source: string, where: string): ContextItem[];
  /** What lies below a folder, parents before children, in the byte order of their names. */
  walk(item: ContextItem, where: string): readonly ContextItem[];
}

const MAX_LINKS = 40;
const WILDCARD = /[*?[\\]/;

/**
 * The context of a Dockerfile, less what its `.dockerignore` excludes.
 *
 * @param folder absolute path
 * @param name the folder as the user knows it
 * @param dockerfile absolute path; `<dockerfile>.dockerignore` beside it counts instead of the folder's
 * @throws AircrateError input when the `.dockerignore` is malformed
 */
export function openContext(folder: string, name: string, dockerfile: string): BuildContext {
  return createContext(folder, name, readIgnoreRules(folder, name, dockerfile));
}

/** A folder with all that is in it. */
export function openFolder(folder: string, name: string): BuildContext {
  return createContext(folder, name, { excludes: () => false, hasExceptions: false });
}

function createContext(folder: string, name: string, rules: IgnoreRules): BuildContext {
  function item(relative: string, stats: Stats, where: string): ContextItem {
    const file = path.join(folder, relative);
    const kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "symlink" : "";
    if (kind === "") throw specialError(relative, stats, where);
    return {
      path: relative,
      kind,
      file,
      size: kind === "file" ? stats.size : 0,
      mtimeMs: stats.mtimeMs,
      executable: (stats.mode & 0o111) !== 0,
      target: kind === "symlink" ? readTarget(file, relative, where) : "",
    };
  }

  function look(relative: string): Stats | undefined {
    try {
      return lstatSync(path.join(folder, relative), { throwIfNoEntry: false });
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
      const target = readlinkSync(path.join(folder, here));
      if (links > MAX_LINKS || path.isAbsolute(target)) throw outsideError(here, name, where, target);
      pending.push(...target.split(path.sep === "/" ? "/" : /[\\/]/).reverse());
    }
    return reached.join("/");
  }

  function listNames(relative: string): string[] {
    const names = readdirSync(path.join(folder, relative));
    for (const found of names) {
      if (found.includes("\ufffd")) checkName(path.join(folder, relative), relative);
    }
    return names.sort(compareBytes);
  }

  function excluded(relative: string): boolean {
    return relative !== "" && rules.excludes(relative);
  }

  function select(source: string, where: string): ContextItem[] {
    const cleaned = cleanSource(source, where);
    const found = WILDCARD.test(cleaned) ? expand(cleaned, where) : [cleaned];
    const items: ContextItem[] = [];
    for (const relative of found) {
      if (hidden(relative, where)) continue;
      const real = follow(relative, where);
      const stats = look(real);
      if (stats === undefined || hidden(real, where)) continue;
      items.push({ ...item(real, stats, where), path: relative });
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

  /**
   * Expands a pattern part by part, so that only folders that can match are read. As by BuildKit, links are followed on
   * the way to the first part with a wildcard, but not from there on.
   */
  function expand(pattern: string, where: string): string[] {
    const parts = pattern.split("/");
    const wild = parts.findIndex((part) => WILDCARD.test(part));
    const front = parts.slice(0, wild).join("/");
    const start = follow(front, where);
    let found = [""];
    for (const part of parts.slice(wild)) {
      let matches: (name: string) => boolean;
      try {
        matches = compileGlob(part);
      } catch (error) {
        throw new AircrateError("input", `the pattern ${JSON.stringify(pattern)} is malformed`, {
          where,
          reason: (error as Error).message,
        });
      }
      found = found.flatMap((below) => {
        const real = join(start, below);
        if (look(real)?.isDirectory() !== true) return [];
        return listNames(real)
          .filter(matches)
          .map((child) => join(below, child));
      });
    }
    return found.map((below) => join(front, below));
  }

  /** Listings of folders that were walked: a tree is read once in a build. */
  const walked = new Map<string, readonly ContextItem[]>();

  function walk(top: ContextItem, where: string): readonly ContextItem[] {
    const known = walked.get(top.file);
    if (known !== undefined) return known;
    const items: ContextItem[] = [];
    const base = path.relative(folder, top.file).split(path.sep).join("/");
    const take = (relative: string, stats: Stats) => {
      const below = base === "" ? relative : relative.slice(base.length + 1);
      items.push({ ...item(relative, stats, where), path: below });
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
    walked.set(top.file, items);
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

function join(folder: string, below: string): string {
  return folder === "" || below === "" ? folder + below : `${folder}/${below}`;
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

/** Sources are relative to the context even with a leading slash, and `..` does not lead out of it. */
function cleanSource(source: string, where: string): string {
  const cleaned = path.posix.normalize(`/${source}`).slice(1).replace(/\/$/, "");
  const climbs = path.posix.normalize(source.replace(/^\/+/, ""));
  if (climbs === ".." || climbs.startsWith("../")) {
    throw new AircrateError("input", `the source ${source} lies outside the build context`, {
      where,
      hint: "copy it into the context, or make a folder above it the context",
    });
  }
  return cleaned;
}

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
