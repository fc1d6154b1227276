import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { systemCode } from "./error.ts";

/**
 * Makes a folder and those above it that are missing. Node's own way to do so never returns where a parent exists and
 * the system still says ENOENT, as in /proc or in a folder of the automounter.
 *
 * @param mode of the folders that are made, less the umask
 * @throws the system's error: a part of the path is a file, or may not be made
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  try {
    await makeOne(folder, mode);
  } catch (error) {
    const parent = path.dirname(folder);
    if (systemCode(error) !== "ENOENT" || parent === folder) throw error;
    await makeFolder(parent, mode);
    await makeOne(folder, mode);
  }
}

async function makeOne(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    // There already, or made by another process; what mkdir says then differs on a read-only file system.
    if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) throw error;
  }
}
