import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { lstat, readdir, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { type Digest, hex } from "../digest.ts";
import { systemCode } from "../error.ts";
import { makeFolder } from "../folder.ts";
import { recordFile, type Store, writeError } from "./layout.ts";

/** The first bytes of a blob that is on its way into the store. Only its owner writes to it. */
export interface PartialBlob {
  readonly file: string;
  /** Bytes that were there when it was claimed. */
  readonly size: number;
}

/**
 * The name is `HEX.PLACE.PID.RANDOM` while a process works on it, and `HEX.RANDOM` when that one let go of it. Renaming
 * is atomic, so of several that want to take it over one succeeds.
 */
const NAME = /^([0-9a-f]{64})\.(?:([0-9a-f]{12})\.(\d{1,10})\.)?[0-9a-f]{12}$/;

/** A download writes every minute or gives up, so what nobody wrote to for an hour, in milliseconds, is nobody's. */
const STALE_MS = 60 * 60 * 1000;

/**
 * Takes over what a run that ended left of a blob, the largest first, or begins a new file.
 *
 * @throws AircrateError unreachable when the store cannot be written to
 */
export async function claimPartial(store: Store, digest: Digest): Promise<PartialBlob> {
  const folder = partialFolder(store);
  const file = path.join(folder, `${hex(digest)}.${thisPlace()}.${process.pid}.${random()}`);
  try {
    await makeFolder(folder);
    for (const { name, size } of await findAbandoned(folder, digest)) {
      if (await renamed(path.join(folder, name), file)) return { file, size };
    }
    await writeFile(file, "", { flag: "wx" });
    return { file, size: 0 };
  } catch (error) {
    throw writeError(store, error);
  }
}

/** Lets go of a file, so that any other run may go on with it, or removes it when nothing is in it. */
export async function releasePartial(store: Store, { file }: PartialBlob): Promise<void> {
  const [name] = path.basename(file).split(".");
  try {
    if ((await lstat(file)).size === 0) await rm(file);
    else await rename(file, path.join(partialFolder(store), `${name}.${random()}`));
  } catch {
    // It is gone, or will be taken over all the same once this process has ended.
  }
}

function partialFolder(store: Store): string {
  return recordFile(store, "partial");
}

async function findAbandoned(folder: string, digest: Digest): Promise<{ name: string; size: number }[]> {
  const found: { name: string; size: number }[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const [, blob, place, pid] = NAME.exec(name) ?? [];
    if (blob !== hex(digest)) continue;
    const file = await lstat(path.join(folder, name)).catch(() => undefined);
    if (file?.isFile() !== true) continue;
    const dead = place === thisPlace() && !isAlive(Number(pid));
    const stale = Date.now() - file.mtimeMs > STALE_MS;
    if (place === undefined || dead || stale) found.push({ name, size: file.size });
  }
  return found.sort((a, b) => b.size - a.size);
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}

let place: string | undefined;

/** Names the machine and the PID namespace: a PID of another one, on a store that is shared, says nothing here. */
function thisPlace(): string {
  place ??= createHash("sha256")
    .update(JSON.stringify([hostname(), orNothing(() => readFileSync("/etc/machine-id", "utf8"))]))
    .update(orNothing(() => readlinkSync("/proc/self/ns/pid")))
    .digest("hex")
    .slice(0, 12);
  return place;
}

function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function random(): string {
  return randomBytes(6).toString("hex");
}
