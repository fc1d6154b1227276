import { lstat, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson } from "../../spec/decode.ts";
import { Digest } from "../../spec/oci.ts";
import { FileRecord, JointRecord, LayerRecord, PackedBlocks, ReferenceRecord } from "../../spec/store.ts";
import { type Digest as BlobDigest, hex } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { recordFile, type Store } from "./layout.ts";
import { referenceKey } from "./records.ts";

export interface StoredFile {
  /** Absolute path. */
  readonly file: string;
  readonly size: number;
  /** Modification time in ms since 1970; of blobs it is the last use. */
  readonly usedMs: number;
}

export interface Recorded<T> extends StoredFile {
  readonly record: T;
}

export interface RecordedLayer extends Recorded<LayerRecord> {
  /** The digest under which manifests name a pulled layer; absent when it was packed here. */
  readonly pulled?: BlobDigest;
}

/** Everything in a store, looked at without using it: no time of last use is renewed. */
export interface Survey {
  readonly blobs: ReadonlyMap<BlobDigest, StoredFile>;
  readonly references: readonly Recorded<ReferenceRecord>[];
  readonly layers: readonly RecordedLayer[];
  /** Files that were fetched by their checksums. */
  readonly files: readonly Recorded<FileRecord>[];
  /** Blocks of layers that were packed here. */
  readonly joints: readonly Recorded<JointRecord>[];
  readonly blocks: readonly Recorded<PackedBlocks>[];
  /** What tells that a layer of so many plain bytes was packed here. */
  readonly sizes: readonly (StoredFile & { readonly plainSize: number })[];
  /** Lists of the names in layers, by diffID. */
  readonly trees: ReadonlyMap<BlobDigest, StoredFile>;
  /** Records that cannot be read or do not stand under their name, so that nobody finds them. */
  readonly unreadable: readonly StoredFile[];
  /** A folder is the scratch store of a command. */
  readonly temporary: readonly StoredFile[];
  readonly partial: readonly StoredFile[];
  readonly quarantine: readonly StoredFile[];
}

/**
 * The store in a folder, without making one: where nothing is, the store is empty.
 *
 * @throws AircrateError input when the folder is somebody else's, so that nothing in it is taken for garbage
 */
export async function findStore(root: string): Promise<Store> {
  const store = { root: path.resolve(root) };
  const names = await list(store.root);
  if (names.length === 0 || names.includes("aircrate")) return store;
  throw new AircrateError("input", "is not a store", {
    where: root,
    reason: "the folder holds other things",
    hint: "set AIRCRATE_STORE to the folder that builds use",
  });
}

/** @throws AircrateError unreachable when a folder cannot be read */
export async function surveyStore(store: Store): Promise<Survey> {
  const blobs = new Map<BlobDigest, StoredFile>();
  for (const [name, found] of await filesIn(path.join(store.root, "blobs", "sha256"))) {
    if (isDigest(`sha256:${name}`)) blobs.set(`sha256:${name}`, found);
  }
  const unreadable: StoredFile[] = [];
  const read = async <S extends TSchema>(
    room: string,
    schema: S,
    nameOf: (record: Static<S>) => string | undefined,
  ) => {
    const records: (Recorded<Static<S>> & { name: string })[] = [];
    for (const [fileName, found] of await filesIn(recordFile(store, room))) {
      const name = fileName.replace(/\.json$/, "");
      const record = await readRecordAt(found, schema);
      if (record === undefined || fileName === name || (nameOf(record) ?? name) !== name) unreadable.push(found);
      else records.push({ ...found, record, name });
    }
    return records;
  };

  const references = await read("references", ReferenceRecord, ({ reference, platform }) =>
    referenceKey(reference, platform),
  );
  const layers: RecordedLayer[] = [];
  for (const { name, ...layer } of await read("layers", LayerRecord, () => undefined)) {
    if (isDigest(`sha256:${name}`)) layers.push({ ...layer, pulled: `sha256:${name}` });
    else unreadable.push(layer);
  }
  const files = await read("files", FileRecord, ({ digest }) => hex(digest));
  const joints = await read("joints", JointRecord, ({ digest }) => hex(digest));
  const blocks: Recorded<PackedBlocks>[] = [];
  const sizes: (StoredFile & { plainSize: number })[] = [];
  for (const room of await list(recordFile(store))) {
    if (room.startsWith("packed-")) layers.push(...(await read(room, LayerRecord, ({ diffId }) => hex(diffId))));
    if (room.startsWith("blocks-")) blocks.push(...(await read(room, PackedBlocks, () => undefined)));
    if (!room.startsWith("sizes-")) continue;
    for (const [name, found] of await filesIn(recordFile(store, room))) {
      sizes.push({ ...found, plainSize: Number.parseInt(name, 10) });
    }
  }
  const trees = new Map<BlobDigest, StoredFile>();
  for (const [name, found] of await filesIn(recordFile(store, "trees"))) {
    trees.set(`sha256:${name.replace(/\.json$/, "")}`, found);
  }
  const filesOf = async (room: string) => [...(await filesIn(recordFile(store, room))).values()];
  return {
    ...{ blobs, references, layers, files, joints, blocks, sizes, trees, unreadable },
    temporary: [...(await filesOf("tmp")), ...(await foldersIn(recordFile(store, "tmp")))],
    partial: await filesOf("partial"),
    quarantine: await filesOf("quarantine"),
  };
}

function isDigest(text: string): boolean {
  return new RegExp(Digest.pattern!).test(text);
}

async function readRecordAt<S extends TSchema>({ file }: StoredFile, schema: S): Promise<Static<S> | undefined> {
  try {
    return decodeJson(schema, await readFile(file));
  } catch {
    return undefined;
  }
}

/** The regular files in a folder, by name, in order. What vanishes meanwhile is left out. */
async function filesIn(folder: string): Promise<Map<string, StoredFile>> {
  const files = new Map<string, StoredFile>();
  for (const name of (await list(folder)).sort()) {
    const file = path.join(folder, name);
    const found = await lstat(file).catch(() => undefined);
    if (found?.isFile() === true) files.set(name, { file, size: found.size, usedMs: found.mtimeMs });
  }
  return files;
}

/** The folders in a folder, each as one: with the size of all that is below, and the time of its latest change. */
async function foldersIn(folder: string): Promise<StoredFile[]> {
  const folders: StoredFile[] = [];
  for (const name of (await list(folder)).sort()) {
    const file = path.join(folder, name);
    const found = await lstat(file).catch(() => undefined);
    if (found?.isDirectory() !== true) continue;
    const below = [...(await filesIn(file)).values(), ...(await foldersIn(file))];
    const size = below.reduce((sum, one) => sum + one.size, 0);
    folders.push({ file, size, usedMs: Math.max(found.mtimeMs, ...below.map(({ usedMs }) => usedMs)) });
  }
  return folders;
}

/** Names in a folder; none when it does not exist. */
async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return [];
    throw new AircrateError("unreachable", "the store cannot be read", { where: folder, reason: code, cause: error });
  }
}
