import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { type Digest, digestOf, hex, LAYOUT_MARKER } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { makeFolder } from "../folder.ts";
import { createPositionalWriter } from "../output.ts";

/**
 * A content-addressed folder that is itself an OCI image layout (image-spec image-layout.md), so that any OCI tool can
 * read it. Files arrive under a temporary name and are renamed into place: a blob that is there is whole. Processes
 * may share one store, since every write is such a rename and every name is the digest of what it holds.
 */
export interface Store {
  readonly root: string;
  /** Nothing in it is made, marked as used or set aside. */
  readonly readOnly?: true;
}

/** A store to look into, whether it is there or not. */
export function readOnlyStore(root: string): Store {
  return { root: path.resolve(root), readOnly: true };
}

/** Opens the store, making it when it is not there. @throws AircrateError unreachable when the folder cannot be used */
export async function openStore(root: string): Promise<Store> {
  const store = { root: path.resolve(root) };
  try {
    await makeFolder(path.join(store.root, "blobs", "sha256"));
    await makeFolder(temporaryFolder(store));
    await createOnce(store, "oci-layout", LAYOUT_MARKER);
    await createOnce(store, "index.json", '{"schemaVersion":2,"manifests":[]}');
  } catch (error) {
    throw new AircrateError("unreachable", "the store cannot be used", {
      where: root,
      reason: (error as Error).message,
      hint: "set AIRCRATE_STORE to a folder that you may write to",
      cause: error,
    });
  }
  return store;
}

async function createOnce(store: Store, name: string, text: string): Promise<void> {
  const file = path.join(store.root, name);
  if ((await stat(file).catch(() => undefined)) === undefined)
    await moveIntoPlace(await writeTemporary(store, text), file);
}

/** Path of a blob, whether it is there or not. */
export function blobFile(store: Store, digest: Digest): string {
  return path.join(store.root, "blobs", "sha256", hex(digest));
}

/** Path of one of the store's own documents. */
export function recordFile(store: Store, ...names: readonly string[]): string {
  return path.join(store.root, "aircrate", ...names);
}

/**
 * How exactly the time of last use is known, in ms: whoever finds a blob renews its modification time when it is older
 * than this, so that a build which follows another one writes nothing.
 */
export const USE_STEP = 60 * 60 * 1000;

/** Whether the blob is there with the size it should have. Asking counts as use: pruning goes by it. */
export async function hasBlob(store: Store, blob: { digest: Digest; size: number }): Promise<boolean> {
  const file = blobFile(store, blob.digest);
  const found = await stat(file).catch(() => undefined);
  const there = found?.isFile() === true && found.size === blob.size;
  return there && (store.readOnly === true || (await markUsed(file, found.mtimeMs)));
}

/** @returns whether the file is there still: pruning may have taken it since it was looked at */
async function markUsed(file: string, mtimeMs: number): Promise<boolean> {
  const now = new Date();
  if (now.getTime() - mtimeMs < USE_STEP) return true;
  try {
    await utimes(file, now, now);
    return true;
  } catch (error) {
    // A store that belongs to somebody else, or may only be read, is used all the same.
    return systemCode(error) !== "ENOENT";
  }
}

/**
 * Moves a blob that is not what its name says to where nothing looks for blobs. What is recorded of it becomes void, and
 * the next build that needs it fetches or packs it anew.
 *
 * @returns whether it could be moved
 */
export async function quarantineBlob(store: Store, digest: Digest): Promise<boolean> {
  if (store.readOnly === true) return false;
  const file = recordFile(store, "quarantine", hex(digest));
  try {
    await makeFolder(path.dirname(file));
    await rename(blobFile(store, digest), file);
    return true;
  } catch {
    return false;
  }
}

/**
 * The error of whoever finds a damaged blob while it writes an output. Sets the blob aside, so that the next try helps.
 *
 * @param again what to do then: `build again`
 */
export async function damagedBlob(store: Store, digest: Digest, again: string): Promise<AircrateError> {
  const aside = await quarantineBlob(store, digest);
  return new AircrateError("integrity", "a blob in the store is damaged", {
    where: digest,
    ...(aside && { reason: "it was set aside and will not be used again" }),
    hint: aside
      ? `${again}: what is missing is fetched or packed anew; aircrate store verify looks for more`
      : `remove ${blobFile(store, digest)} and ${again}`,
  });
}

/**
 * A manifest, index or config, checked against its digest.
 *
 * @returns undefined when it is not there, or was damaged and is in quarantine now, so that the caller fetches it again;
 *   also when it is larger than any of these: a hostile document may call a layer one of them
 */
export async function readBlob(store: Store, blob: { digest: Digest; size: number }): Promise<Buffer | undefined> {
  if (blob.size > MAX_DOCUMENT || !(await hasBlob(store, blob))) return undefined;
  const bytes = await readFile(blobFile(store, blob.digest));
  if (digestOf(bytes) === blob.digest) return bytes;
  await quarantineBlob(store, blob.digest);
  return undefined;
}

export async function writeBlob(store: Store, bytes: Uint8Array): Promise<{ digest: Digest; size: number }> {
  const blob = { digest: digestOf(bytes), size: bytes.length };
  if (!(await hasBlob(store, blob))) await writeWhole(store, blobFile(store, blob.digest), bytes);
  return blob;
}

/** Writes a file so that it is there whole or not at all. @throws AircrateError unreachable */
export async function writeWhole(store: Store, file: string, content: Uint8Array | string): Promise<void> {
  try {
    await moveIntoPlace(await writeTemporary(store, content), file);
  } catch (error) {
    throw writeError(store, error);
  }
}

async function writeTemporary(store: Store, content: Uint8Array | string): Promise<string> {
  const temporary = temporaryFile(store);
  try {
    await writeFile(temporary, content, { flag: "wx" });
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  return temporary;
}

/** Words what a full or lost disk says; other errors stay as they are. */
export function writeError(store: Store, error: unknown): unknown {
  if (error instanceof AircrateError || systemCode(error) === undefined) return error;
  return new AircrateError("unreachable", "the store cannot be written to", {
    where: store.root,
    reason: (error as Error).message,
    hint: "make room on its disk, or set AIRCRATE_STORE to another folder",
    cause: error,
  });
}

/**
 * Gives a file of the store, whose digest was checked, the name of a blob. Does nothing to one that has it.
 *
 * @throws AircrateError unreachable
 */
export async function placeBlob(store: Store, file: string, digest: Digest): Promise<void> {
  try {
    if (file === blobFile(store, digest)) return;
    // A download of long ago may have come to its end just now: the time of a blob is when it was used last.
    const now = new Date();
    await utimes(file, now, now);
    await moveIntoPlace(file, blobFile(store, digest));
  } catch (error) {
    throw writeError(store, error);
  }
}

/** Bytes on their way to becoming a blob. @throws AircrateError unreachable, from every method, when the disk is full */
export interface BlobWriter {
  /** Copies a chunk; resolves when more may come. */
  write(chunk: Uint8Array): Promise<void>;
  /** Gives the bytes their final name. The caller has checked the digest. */
  commit(digest: Digest): Promise<void>;
  /** Forgets the bytes. Does nothing after `commit`. */
  abort(): Promise<void>;
}

export async function createBlobWriter(store: Store): Promise<BlobWriter> {
  const temporary = temporaryFile(store);
  const fail = (error: unknown): never => {
    throw writeError(store, error);
  };
  const file = await open(temporary, "wx").catch(fail);
  const writer = createPositionalWriter(file, 0);
  let open_ = true;

  return {
    async write(chunk) {
      await writer.write(chunk)?.catch(fail);
    },
    async commit(digest) {
      await writer.flush().catch(fail);
      await file.close();
      open_ = false;
      await placeBlob(store, temporary, digest);
    },
    async abort() {
      if (!open_) return;
      open_ = false;
      await writer.flush().catch(() => {});
      await file.close();
      await rm(temporary, { force: true });
    },
  };
}

function temporaryFolder(store: Store): string {
  return recordFile(store, "tmp");
}

/** A name for a file that is not yet, or never, part of the store. */
export function temporaryFile(store: Store): string {
  return path.join(temporaryFolder(store), randomBytes(12).toString("hex"));
}

async function moveIntoPlace(temporary: string, file: string): Promise<void> {
  try {
    await rename(temporary, file).catch(async (error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
      await makeFolder(path.dirname(file));
      await rename(temporary, file);
    });
  } catch (error) {
    // Windows refuses to replace a file that another process reads. What is there has the same name, so the same bytes.
    const there = await stat(file).catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => {});
    if (there?.isFile() !== true) throw error;
  }
}
