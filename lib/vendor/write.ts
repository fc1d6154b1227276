import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { hex } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import { encodeHeader, paddingOf, TRAILER_SIZE } from "../tar/header.ts";
import { VENDORED_LOCK, type VendorBlob, type VendorFile } from "./compose.ts";

export interface VendorTarget {
  readonly store: Store;
  readonly files: readonly VendorFile[];
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of the files as they are written, or found to be there. */
  readonly onBytes: (size: number) => void;
}

/** Bytes of all files. */
export function contentSize(files: readonly VendorFile[]): number {
  return files.reduce((sum, one) => sum + sizeOf(one), 0);
}

/**
 * Writes the layout as a tar file, with constant owners, modes and times. Memory stays flat.
 *
 * @returns bytes of the file
 * @throws AircrateError unreachable; integrity when a blob in the store is damaged
 */
export function writeVendorTar(file: string, { store, files, signal, onBytes }: VendorTarget): Promise<number> {
  return writeOutput(file, async (handle) => {
    const writer = createPositionalWriter(handle, 0);
    let size = 0;
    const write = async (bytes: Uint8Array) => {
      await writer.write(bytes);
      size += bytes.length;
    };
    for (const folder of ["blobs", "blobs/sha256"]) await write(header(folder, "directory", 0));
    for (const one of files) {
      await write(header(one.path, "file", sizeOf(one)));
      for await (const bytes of contentOf(store, one)) {
        signal?.throwIfAborted();
        await write(bytes);
        onBytes(bytes.length);
      }
      await write(Buffer.alloc(paddingOf(sizeOf(one))));
    }
    await write(Buffer.alloc(TRAILER_SIZE));
    await writer.flush();
    return size;
  });
}

function header(name: string, type: "file" | "directory", size: number): Uint8Array {
  return encodeHeader({ path: name, type, mode: type === "file" ? 0o644 : 0o755, uid: 0, gid: 0, size, mtime: 0 });
}

/**
 * Writes the layout as a folder. One that is there is taken over when it is empty or holds an earlier layout of this
 * kind: `index.json`, which is replaced at once, leads to what is whole at every moment; what it no longer leads to goes
 * in the end.
 *
 * @returns bytes of all files
 * @throws AircrateError usage: the folder holds something else; unreachable; integrity when a blob is damaged
 */
export async function writeVendorFolder(
  folder: string,
  { store, files, signal, onBytes }: VendorTarget,
): Promise<number> {
  await checkFolder(folder);
  const documents = files.filter(({ path: name }) => !name.startsWith("blobs/"));
  const index = documents.filter(({ path: name }) => name === "index.json");
  const others = documents.filter(({ path: name }) => name !== "index.json");
  const blobs = files.filter(({ path: name }) => name.startsWith("blobs/"));
  for (const one of [...others, ...blobs, ...index]) {
    const file = path.join(folder, one.path);
    if ("blob" in one && (await isWhole(file, one.blob))) {
      onBytes(one.blob.size);
      continue;
    }
    await writeOutput(file, async (handle) => {
      for await (const bytes of contentOf(store, one)) {
        signal?.throwIfAborted();
        await handle.writeFile(bytes);
        onBytes(bytes.length);
      }
    });
  }
  const wanted = new Set(blobs.map(({ path: name }) => path.posix.basename(name)));
  const shelf = path.join(folder, "blobs", "sha256");
  for (const name of await list(shelf)) if (!wanted.has(name)) await rm(path.join(shelf, name), { force: true });
  return contentSize(files);
}

/** The lock in it shows that a layout was written here: another one, or a store, must not lose its blobs. */
async function checkFolder(folder: string): Promise<void> {
  const names = await list(folder);
  if (names.length === 0 || (names.includes("oci-layout") && names.includes(VENDORED_LOCK))) return;
  throw new AircrateError("usage", "the folder is not empty, and holds no layout of aircrate vendor", {
    where: folder,
    hint: "name another folder with -o",
  });
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw new AircrateError("unreachable", "the folder cannot be read", {
      where: folder,
      reason: (error as Error).message,
      cause: error,
    });
  }
}

function sizeOf(file: VendorFile): number {
  return "bytes" in file ? file.bytes.length : file.blob.size;
}

const CHUNK = 512 * 1024;

async function* contentOf(store: Store, file: VendorFile): AsyncGenerator<Uint8Array, void> {
  if ("bytes" in file) {
    yield file.bytes;
    return;
  }
  const stored = blobFile(store, file.blob.digest);
  const hash = createHash("sha256");
  let size = 0;
  for await (const bytes of createReadStream(stored, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    size += bytes.length;
    // More than the header says would be the next header.
    if (size > file.blob.size) break;
    hash.update(bytes);
    yield bytes;
  }
  if (size === file.blob.size && hash.digest("hex") === hex(file.blob.digest)) return;
  throw await damagedBlob(store, file.blob.digest, "vendor again");
}

async function isWhole(file: string, { digest, size }: VendorBlob): Promise<boolean> {
  if ((await stat(file).catch(() => undefined))?.size !== size) return false;
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(file, { highWaterMark: CHUNK })) hash.update(bytes);
  return hash.digest("hex") === hex(digest);
}
