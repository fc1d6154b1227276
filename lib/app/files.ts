import { lstat, realpath, stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { AircrateError, systemCode } from "../error.ts";

/** A path that may be used, or why not. */
export type Checked = { readonly path: string } | { readonly refused: string };

/**
 * Resolves a path of the manifest against the project folder. What lies outside of it, also by way of a symbolic link,
 * is refused: it would not be there on another machine, and a manifest from elsewhere must not read this one.
 */
export async function insideProject(directory: string, relative: string): Promise<Checked> {
  if (relative.includes("\0")) return { refused: "holds a NUL character" };
  const path = resolve(directory, relative);
  if (!isInside(path, directory)) return { refused: "lies outside the project folder" };
  try {
    const [root, real] = await Promise.all([realpath(directory), realpath(path)]);
    return isInside(real, root) ? { path } : { refused: "leads out of the project folder through a symbolic link" };
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { refused: "does not exist" };
    if (code === undefined) throw error;
    return { refused: `cannot be read (${code})` };
  }
}

/** As `insideProject`, and it has to be a folder. */
export async function folderInProject(directory: string, relative: string): Promise<Checked> {
  const checked = await insideProject(directory, relative);
  if ("refused" in checked) return checked;
  return (await stat(checked.path)).isDirectory() ? checked : { refused: "is not a folder" };
}

/** Whether a path lies in a folder or is that folder, by its text alone. */
export function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

/**
 * Whether a name is taken. A link counts, wherever it leads: one that leads nowhere is a mistake, not an absence.
 *
 * @throws AircrateError unreachable
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new AircrateError("unreachable", "cannot be read", {
      where: path,
      ...(code && { reason: code }),
      cause: error,
    });
  }
}
