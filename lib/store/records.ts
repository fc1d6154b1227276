import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson } from "../../spec/decode.ts";
import { ANNOTATION, type Digest, Index, type IndexEntry } from "../../spec/oci.ts";
import { FileRecord, JointRecord, LayerRecord, LayerTree, PackedBlocks, ReferenceRecord } from "../../spec/store.ts";
import { digestOf, hex } from "../digest.ts";
import type { Joint } from "../gzip/join.ts";
import { hasBlob, recordFile, type Store, writeWhole } from "./layout.ts";

/** What is known of the layer blob that a manifest names, if it was fetched and checked and is still there. */
export function findPulledLayer(store: Store, digest: Digest): Promise<LayerRecord | undefined> {
  return findLayer(store, "layers", hex(digest));
}

export function recordPulledLayer(store: Store, digest: Digest, layer: LayerRecord): Promise<void> {
  return writeRecord(store, ["layers", hex(digest)], layer);
}

/** The layer with this plain tar, packed by the named rule, if it was packed before. */
export function findPackedLayer(store: Store, packing: string, diffId: Digest): Promise<LayerRecord | undefined> {
  return findLayer(store, `packed-${packing}`, hex(diffId));
}

export async function recordPackedLayer(store: Store, packing: string, layer: LayerRecord): Promise<void> {
  await writeRecord(store, [`packed-${packing}`, hex(layer.diffId)], layer);
  await writeRecord(store, sizeRecord(packing, layer.plainSize), { version: 1 });
}

/**
 * Whether a layer of that many plain bytes, or one of the same place, was packed before: known before anything is read,
 * and at once, so that the threads have work while the next tree is listed.
 */
export function wasPackedBefore(
  store: Store,
  packing: string,
  { plainSize, place }: { readonly plainSize: number; readonly place?: string | undefined },
): boolean {
  const names = [sizeRecord(packing, plainSize), ...(place === undefined ? [] : [blocksRecord(packing, place)])];
  return names.some((name) => existsSync(`${recordFile(store, ...name)}.json`));
}

function sizeRecord(packing: string, plainSize: number): string[] {
  return [`sizes-${packing}`, String(plainSize)];
}

function blocksRecord(packing: string, place: string): string[] {
  return [`blocks-${packing}`, hex(digestOf(place))];
}

/** The blocks of the layer that was packed last at a place. Only a hint: what is taken from there is checked. */
export function findPackedBlocks(store: Store, packing: string, place: string): Promise<PackedBlocks | undefined> {
  return readRecord(store, PackedBlocks, blocksRecord(packing, place));
}

export function recordPackedBlocks(
  store: Store,
  packing: string,
  { place, ...blocks }: PackedBlocks & { place: string },
): Promise<void> {
  return writeRecord(store, blocksRecord(packing, place), blocks);
}

/** How a layer blob goes into a longer deflate stream, if that was found out before. */
export async function findJointRecord(store: Store, digest: Digest): Promise<Joint | undefined> {
  const record = await readRecord(store, JointRecord, ["joints", hex(digest)]);
  if (record === undefined) return undefined;
  const cuts = record.cuts.map(([at, remove, insert]) => ({ at, remove, insert: Buffer.from(insert, "base64") }));
  return { crc: record.crc, cuts };
}

export function recordJoint(store: Store, digest: Digest, { crc, cuts }: Joint): Promise<void> {
  const written = cuts.map(({ at, remove, insert }) => [at, remove, Buffer.from(insert).toString("base64")]);
  return writeRecord(store, ["joints", hex(digest)], { version: 1, digest, crc, cuts: written });
}

/** The file with this digest, if it was fetched and is still there. */
export async function findFile(store: Store, digest: Digest): Promise<FileRecord | undefined> {
  const file = await readRecord(store, FileRecord, ["files", hex(digest)]);
  return file !== undefined && (await hasBlob(store, file)) ? file : undefined;
}

export function recordFetchedFile(store: Store, file: FileRecord): Promise<void> {
  return writeRecord(store, ["files", hex(file.digest)], file);
}

async function findLayer(store: Store, room: string, name: string): Promise<LayerRecord | undefined> {
  const layer = await readRecord(store, LayerRecord, [room, name]);
  return layer !== undefined && (await hasBlob(store, layer)) ? layer : undefined;
}

export function findLayerTree(store: Store, diffId: Digest): Promise<LayerTree | undefined> {
  return readRecord(store, LayerTree, ["trees", hex(diffId)]);
}

export function recordLayerTree(store: Store, diffId: Digest, tree: LayerTree): Promise<void> {
  return writeRecord(store, ["trees", hex(diffId)], tree);
}

/** What a reference, in full, stood for on a platform when it was last asked for. */
export async function findReference(
  store: Store,
  reference: string,
  platform: string,
): Promise<ReferenceRecord | undefined> {
  const record = await readRecord(store, ReferenceRecord, ["references", referenceKey(reference, platform)]);
  return record ?? findPinned(store, reference, platform);
}

/** A digest names content, so what is recorded under another name of the same repository will do. */
async function findPinned(store: Store, reference: string, platform: string): Promise<ReferenceRecord | undefined> {
  const [name = "", digest] = reference.split("@");
  if (digest === undefined) return undefined;
  for (const record of await readReferences(store)) {
    if (record.platform !== platform || repositoryOf(record.reference) !== repositoryOf(name)) continue;
    if (record.manifest.digest === digest || record.index?.digest === digest) return record;
  }
  return undefined;
}

/** A reference in full without tag and digest. */
function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

/** Remembers what a reference stands for and lists it in `index.json`, where other OCI tools look. */
export async function recordReference(store: Store, record: ReferenceRecord): Promise<void> {
  const known = await findReference(store, record.reference, record.platform);
  const isKnown = known !== undefined && JSON.stringify(known) === JSON.stringify(record);
  // A process that was killed may have come to record it, but not to list it.
  if (isKnown && (await isListed(store, record))) return;
  if (!isKnown) await writeRecord(store, ["references", referenceKey(record.reference, record.platform)], record);
  await writeIndex(store);
}

async function isListed(store: Store, { reference, manifest }: ReferenceRecord): Promise<boolean> {
  try {
    const { manifests } = decodeJson(Index, await readFile(path.join(store.root, "index.json")));
    return manifests.some(
      ({ digest, annotations }) => digest === manifest.digest && annotations?.[ANNOTATION.refName] === reference,
    );
  } catch {
    // Whoever lists it writes the file anew.
    return false;
  }
}

/** Forgets references; their blobs are for pruning. */
export async function removeReferences(store: Store, records: readonly ReferenceRecord[]): Promise<void> {
  for (const { reference, platform } of records) {
    await rm(`${recordFile(store, "references", referenceKey(reference, platform))}.json`, { force: true });
  }
  await writeIndex(store);
}

/** Name of a reference's record. */
export function referenceKey(reference: string, platform: string): string {
  return hex(digestOf(`${reference}\n${platform}`));
}

/**
 * Derives `index.json` from the references. Several may do so at once, and a slower one may replace the list of one that
 * saw more; whoever writes therefore looks again, until what is there is what it wrote.
 */
export async function writeIndex(store: Store): Promise<void> {
  let written: string | undefined;
  for (let index = await deriveIndex(store); index !== written; index = await deriveIndex(store)) {
    await writeWhole(store, path.join(store.root, "index.json"), index);
    written = index;
  }
}

async function deriveIndex(store: Store): Promise<string> {
  const manifests = (await readReferences(store)).map(
    ({ manifest, found, reference }): IndexEntry => ({
      ...manifest,
      platform: found,
      annotations: { [ANNOTATION.refName]: reference },
    }),
  );
  return JSON.stringify({ schemaVersion: 2, manifests });
}

/** All that can be read, in the order of their keys. */
export async function readReferences(store: Store): Promise<ReferenceRecord[]> {
  const names = await readdir(recordFile(store, "references")).catch(() => []);
  const records: ReferenceRecord[] = [];
  for (const name of names.sort()) {
    const record = await readRecord(store, ReferenceRecord, ["references", name.replace(/\.json$/, "")]);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** A record that cannot be read is as good as none: everything in it can be found out again. */
async function readRecord<S extends TSchema>(
  store: Store,
  schema: S,
  names: readonly string[],
): Promise<Static<S> | undefined> {
  try {
    return decodeJson(schema, await readFile(`${recordFile(store, ...names)}.json`));
  } catch {
    return undefined;
  }
}

function writeRecord(store: Store, names: readonly string[], record: unknown): Promise<void> {
  return writeWhole(store, `${recordFile(store, ...names)}.json`, JSON.stringify(record));
}
