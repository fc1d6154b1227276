import { closeSync, fchmodSync, fchownSync, futimesSync, openSync, writeSync } from "node:fs";
import { chmod, lchown, link, lutimes, mkdir, rm, stat, symlink, utimes } from "node:fs/promises";
import path from "node:path";
import { AircrateError, systemCode } from "../error.ts";
import { makeFolder } from "../folder.ts";
import { outputError, temporaryName } from "../output.ts";
import type { ContentReader, FullItem } from "./content.ts";
import { placeFolder, requireNothing } from "./place.ts";
import { timeOf } from "./tar.ts";

export interface PlaceOptions {
  /** Replaces files and links that are there. */
  readonly force: boolean;
  /** Keeps owners and set-id bits, which only root may. */
  readonly sameOwner: boolean;
}

export interface FolderOptions extends PlaceOptions {
  readonly reader: ContentReader;
}

/**
 * Writes items as a folder, or into one that is there. All of it is made in a new folder beside, in which nobody else's
 * links can lie, and then moved: the links of the image are only made, never followed, and those that are in the way
 * are replaced and not followed either.
 *
 * @throws AircrateError usage: a file is in the way; input: two names are one on this disk; unreachable; integrity
 */
export async function writeFolder(folder: string, items: readonly FullItem[], options: FolderOptions): Promise<void> {
  const target = path.resolve(folder);
  const isThere = (await stat(target).catch(() => undefined))?.isDirectory() === true;
  // On the same disk, so that it can be renamed.
  const temporary = temporaryName(isThere ? path.join(target, path.basename(target)) : target);
  if (!isThere) await requireNothing(target);
  try {
    await makeFolder(path.dirname(temporary));
    await mkdir(temporary);
    await makeItems(temporary, items, options);
    const known = await placeFolder(temporary, target, options.force);
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
async function makeItems(top: string, items: readonly FullItem[], options: FolderOptions): Promise<void> {
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

/** In step where it can be: of a small file the calls of the system take less time than waiting for each. */
async function makeFile(file: string, item: FullItem, options: FolderOptions): Promise<void> {
  const fd = openSync(file, "wx", 0o600);
  try {
    await options.reader.read(item, (bytes) => {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      return undefined;
    });
    finishFile(fd, item, options);
  } finally {
    closeSync(fd);
  }
}

const PERMISSIONS = 0o777;
const SET_ID = 0o6000;

/** Gives a file what the image says of it. The owner comes first: a change of it takes the set-id bits. */
export function finishFile(fd: number, item: FullItem, { sameOwner }: PlaceOptions): void {
  if (sameOwner) fchownSync(fd, item.uid, item.gid);
  fchmodSync(fd, item.mode & (sameOwner ? PERMISSIONS | SET_ID : PERMISSIONS));
  futimesSync(fd, timeOf(item), timeOf(item));
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
