import { createHash, randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** A lock whose holder has not touched it for so many milliseconds is nobody's. */
const STALE = 30_000;
/** Milliseconds to wait for another process that makes the same entry. */
const WAIT = 15 * 60_000;

/** Folder of test content that is dear to make: AIRCRATE_TEST_CACHE, default `aircrate-test-cache-v1` in the temp folder. */
export function cacheDir(): string {
  return process.env.AIRCRATE_TEST_CACHE || join(tmpdir(), "aircrate-test-cache-v1");
}

/**
 * Path of a folder in the cache. When it is not there `make` fills a folder of another name, which is then renamed, so
 * an entry is whole or missing. Several processes may ask at once: one makes it, the others wait. The lock only saves
 * work; should two make the same entry all the same, the first rename counts.
 */
export async function cached(name: string, make: (dir: string) => Promise<void>): Promise<string> {
  const root = cacheDir();
  const entry = join(root, name);
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (process.getuid !== undefined && statSync(root).uid !== process.getuid()) {
    throw new Error(`${root}: belongs to somebody else; set AIRCRATE_TEST_CACHE to a folder of yours`);
  }
  const unlock = await lock(`${entry}.lock`, () => existsSync(entry));
  if (unlock === undefined) return entry;
  const work = `${entry}.${randomUUID()}`;
  try {
    await mkdir(work);
    await make(work);
    await rename(work, entry).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
    return entry;
  } finally {
    await rm(work, { recursive: true, force: true });
    await unlock();
  }
}

/** Hash of source files (`import.meta.url`s) and words, for an entry's name: changed code makes new content. */
export async function recipe(urls: readonly string[], ...words: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const url of urls) hash.update(await readFile(fileURLToPath(url)));
  for (const word of words) hash.update(word);
  return hash.digest("hex").slice(0, 12);
}

/** Waits until `done` (resolves to undefined) or until the lock is ours (resolves to its release). */
async function lock(path: string, done: () => boolean): Promise<(() => Promise<void>) | undefined> {
  for (const deadline = Date.now() + WAIT; Date.now() < deadline; await sleep(100)) {
    if (done()) return undefined;
    if (await makeDir(path)) {
      const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => clearInterval(beat)), 2000);
      const release = () => {
        clearInterval(beat);
        return rm(path, { recursive: true, force: true });
      };
      if (!done()) return release;
      await release();
      return undefined;
    }
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > STALE) await rm(path, { recursive: true, force: true });
  }
  throw new Error(`${path}: another process has held it for ${WAIT / 60_000} minutes`);
}

async function makeDir(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
