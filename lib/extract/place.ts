import { lstat, readdir, rename, stat } from "node:fs/promises";
import path from "node:path";
import { AircrateError } from "../error.ts";

/**
 * Moves a folder to its place, or what is in it into a folder that is there.
 *
 * @param force whether files and links that are there are replaced
 * @returns the paths of folders that were there before; `""` is the folder itself
 * @throws AircrateError usage when something is in the way, and then nothing was moved
 */
export async function placeFolder(from: string, to: string, force: boolean): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  if ((await stat(to).catch(() => undefined)) === undefined) await rename(from, to);
  else {
    await compare(from, to, { force, known, below: "" });
    await move(from, to);
  }
  return known;
}

/** @throws AircrateError usage when anything is there, even a link that leads nowhere */
export async function requireNothing(file: string): Promise<void> {
  if ((await lstat(file).catch(() => undefined)) === undefined) return;
  throw inTheWay(file);
}

/** Looks what moving would meet, before anything is moved. */
async function compare(
  from: string,
  to: string,
  { force, known, below }: { force: boolean; known: Set<string>; below: string },
): Promise<void> {
  known.add(below);
  for (const name of await readdir(path.join(from, below))) {
    const place = path.posix.join(below, name);
    const found = await lstat(path.join(to, place)).catch(() => undefined);
    if (found === undefined) continue;
    const isFolder = (await lstat(path.join(from, place))).isDirectory();
    if (found.isDirectory() !== isFolder || (!isFolder && !force)) throw inTheWay(path.join(to, place));
    if (isFolder) await compare(from, to, { force, known, below: place });
  }
}

async function move(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    const isFolder = async (file: string) => (await lstat(file).catch(() => undefined))?.isDirectory() === true;
    if ((await isFolder(source)) && (await isFolder(target))) await move(source, target);
    else await rename(source, target);
  }
}

function inTheWay(file: string): AircrateError {
  return new AircrateError("usage", "is there already", {
    where: file,
    hint: "name another place with -o, or overwrite files with --force",
  });
}
