import { randomBytes } from "node:crypto";
import {
  chmod,
  type FileHandle,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from "node:fs/promises";
import path from "node:path";
import { AircrateError, systemCode } from "../error.ts";
import { makeFolder } from "../folder.ts";
import { outputError } from "../output.ts";
import { type FullItem, timeOf, writeContent } from "./write.ts";

export interface PlaceOptions {
  /** Replaces files and links that are there. */
  readonly force: boolean;
  /** Keeps owners and set-id bits, which only root may. */
  readonly sameOwner: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes items as a folder, or into one that is there. All of it is made in a new folder beside, in which nobody else's
 * links can lie, and then moved: the links of the image are only made, never followed, and those that are in the way
 * are replaced and not followed either.
 *
 * @throws AircrateError usage: a file is in the way; input: two names are one on this disk; unreachable; integrity
 */
export async function writeFolder(folder: string, items: readonly FullItem[], options: PlaceOptions): Promise<void> {
  const target = path.resolve(folder);
  const isThere = (await stat(target).catch(() => undefined))?.isDirectory() === true;
  const parent = isThere ? target : path.dirname(target);
  const temporary = path.join(parent, `.aircrate.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await makeFolder(parent);
    await mkdir(temporary);
    await makeItems(temporary, items, options);
    const known = new Set<string>();
    if (!isThere) {
      await requireNothing(target);
      await rename(temporary, target);
    } else {
      known.add("");
      await compare(temporary, target, { force: options.force, known });
      await move(temporary, target);
    }
    await finishFolders(
      target,
      items.filter(({ path: name }) => !known.has(name)),
      options,
    );
  } catch (error) {
    throw systemCode(error) === undefined ? error : outputError(folder, error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Links come last, so that no path leads through one. */
async function makeItems(top: string, items: readonly FullItem[], options: PlaceOptions): Promise<void> {
  for (const item of items)
    if (item.kind === "directory" && item.path !== "") await make(item, top, (file) => mkdir(file));
  for (const item of items) if (item.kind === "file") await make(item, top, (file) => makeFile(file, item, options));
  for (const item of items) {
    const { kind, link: target = "" } = item;
    if (kind === "hardlink") await make(item, top, (file) => link(placeOf(top, target), file));
  }
  for (const item of items) if (item.kind === "symlink") await make(item, top, (file) => makeLink(file, item, options));
}

async function make(item: FullItem, top: string, write: (file: string) => Promise<unknown>): Promise<void> {
  try {
    await write(placeOf(top, item.path));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    throw new AircrateError("input", "two names of the image are one on this disk", {
      where: item.path,
      hint: "take them out as a tar file: -o NAME.tar",
      cause: error,
    });
  }
}

/** @throws AircrateError input for a name that leads elsewhere on this system, as `..\\x` on Windows */
function placeOf(top: string, name: string): string {
  const parts = name.split("/");
  if (parts.every((part) => path.basename(part) === part && part !== "..")) return path.join(top, ...parts);
  throw new AircrateError("input", "a file of the image has a name that this system cannot have", { where: name });
}

async function makeFile(file: string, item: FullItem, options: PlaceOptions): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await writeContent(item, (bytes) => handle.writeFile(bytes), options.signal);
    await finishFile(handle, item, options);
  } finally {
    await handle.close();
  }
}

const PERMISSIONS = 0o777;
const SET_ID = 0o6000;

/** Gives a file what the image says of it. The owner comes first: a change of it takes the set-id bits. */
export async function finishFile(handle: FileHandle, item: FullItem, { sameOwner }: PlaceOptions): Promise<void> {
  if (sameOwner) await handle.chown(item.uid, item.gid);
  await handle.chmod(item.mode & (sameOwner ? PERMISSIONS | SET_ID : PERMISSIONS));
  await handle.utimes(timeOf(item), timeOf(item));
}

async function makeLink(file: string, item: FullItem, { sameOwner }: PlaceOptions): Promise<void> {
  await symlink(item.link ?? "", file);
  if (sameOwner) await lchown(file, item.uid, item.gid);
  await lutimes(file, timeOf(item), timeOf(item));
}

/** The inner ones first: what goes into a folder changes its time, and its mode may let nothing in. */
async function finishFolders(top: string, items: readonly FullItem[], { sameOwner }: PlaceOptions): Promise<void> {
  for (const item of [...items].reverse()) {
    if (item.kind !== "directory") continue;
    const folder = placeOf(top, item.path);
    if (sameOwner) await lchown(folder, item.uid, item.gid);
    await chmod(folder, item.mode & (sameOwner ? 0o7777 : PERMISSIONS));
    await utimes(folder, timeOf(item), timeOf(item));
  }
}

/** @throws AircrateError usage when anything is there, even a link that leads nowhere */
async function requireNothing(file: string): Promise<void> {
  if ((await lstat(file).catch(() => undefined)) !== undefined) throw inTheWay(file);
}

/**
 * Looks what moving would meet, before anything is moved.
 *
 * @param known is given the folders that are there, by their paths
 */
async function compare(
  from: string,
  to: string,
  { force, known, below = "" }: { force: boolean; known: Set<string>; below?: string },
): Promise<void> {
  for (const name of await readdir(path.join(from, below))) {
    const place = path.posix.join(below, name);
    const found = await lstat(path.join(to, place)).catch(() => undefined);
    if (found === undefined) continue;
    const isFolder = (await lstat(path.join(from, place))).isDirectory();
    if (found.isDirectory() !== isFolder || (!isFolder && !force)) throw inTheWay(path.join(to, place));
    if (!isFolder) continue;
    known.add(place);
    await compare(from, to, { force, known, below: place });
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

/** The error of whoever does not overwrite what is there. */
export function inTheWay(file: string): AircrateError {
  return new AircrateError("usage", "is there already", {
    where: file,
    hint: "name another place with -o, or overwrite files with --force",
  });
}
