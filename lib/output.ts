import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { AircrateError, systemCode } from "./error.ts";
import { makeFolder } from "./folder.ts";

/**
 * Writes a file so that its name never leads to half of it: everything goes to a temporary name beside it, which is
 * renamed when `write` is done and removed when it fails. Nothing but a file is replaced.
 *
 * @throws AircrateError unreachable when the place cannot be written to
 */
export async function writeOutput<T>(file: string, write: (handle: FileHandle) => Promise<T>): Promise<T> {
  const folder = path.dirname(file);
  const temporary = temporaryName(file);
  let handle: FileHandle;
  try {
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory() === true) throw new Error("it is a folder");
    // Root would rename the file over /dev/null, or the pipe behind /dev/stdout.
    if (found?.isFile() === false) throw new Error("it is a device, a pipe or a socket");
    await makeFolder(folder);
    handle = await open(temporary, "wx", 0o666);
  } catch (error) {
    throw outputError(file, error);
  }
  try {
    const result = await write(handle);
    await handle.close();
    await rename(temporary, file).catch((error: unknown) => {
      throw outputError(file, error);
    });
    return result;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
    const code = systemCode(error);
    throw code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" || code === "EIO"
      ? outputError(file, error)
      : error;
  }
}

/**
 * Writes a folder so that its name never leads to half of it, as {@link writeOutput} does with a file. One that is there
 * has to be empty.
 *
 * @param write is given the folder to write into
 * @throws AircrateError usage: something is there; unreachable when the place cannot be written to
 */
export async function writeOutputFolder<T>(folder: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = temporaryName(path.resolve(folder));
  try {
    await requireEmpty(folder);
    await makeFolder(path.dirname(temporary));
    await mkdir(temporary);
  } catch (error) {
    throw error instanceof AircrateError ? error : outputError(folder, error);
  }
  try {
    const result = await write(temporary);
    // Windows renames onto no folder, not even an empty one.
    await rmdir(folder).catch(() => {});
    await rename(temporary, folder);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw systemCode(error) === undefined ? error : outputError(folder, error);
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new AircrateError("usage", "the folder is not empty", { where: folder, hint: "name another one with -o" });
}

/** A name beside the file, so that what has it can be renamed. */
export function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString("hex")}.tmp`);
}

/** Words what the system says of a file or folder that is written to. */
export function outputError(file: string, error: unknown): AircrateError {
  return new AircrateError("unreachable", "the file cannot be written", {
    where: file,
    reason: (error as Error).message,
    hint: "name another file with -o",
    cause: error,
  });
}

/** Collects chunks into large writes at ascending positions; one write runs while the next is filled. */
export interface PositionalWriter {
  /** Copies the bytes. Waits only when a buffer is full and the one before it is still being written. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  flush(): Promise<void>;
}

const BUFFER_SIZE = 512 * 1024;

export function createPositionalWriter(handle: FileHandle, start: number): PositionalWriter {
  let filling = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  let other = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  let filled = 0;
  let position = start;
  let writing: Promise<void> = Promise.resolve();

  async function drain(): Promise<void> {
    await writing;
    const bytes = filling.subarray(0, filled);
    const at = position;
    position += filled;
    filled = 0;
    [filling, other] = [other, filling];
    writing = writeAll(handle, bytes, at);
    // A failure is reported by the next await; until then it must not count as unhandled.
    writing.catch(() => {});
  }

  async function writeLong(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(bytes.length - at, BUFFER_SIZE - filled);
      filling.set(bytes.subarray(at, at + size), filled);
      filled += size;
      at += size;
      if (filled === BUFFER_SIZE) await drain();
    }
  }

  return {
    write(bytes) {
      if (filled + bytes.length >= BUFFER_SIZE) return writeLong(bytes);
      filling.set(bytes, filled);
      filled += bytes.length;
      return undefined;
    },
    async flush() {
      await drain();
      await writing;
    },
  };
}

/** Writes all of the bytes at a position: one write may do less, above all on a disk that is nearly full. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
