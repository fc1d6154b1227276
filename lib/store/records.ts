import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Static, TSchema } from "@sinclair/typebox";
import { decodeJson } from "../../spec/decode.ts";
import { ANNOTATION, type Digest, type IndexEntry } from "../../spec/oci.ts";
import { LayerRecord, LayerTree, ReferenceRecord } from "../../spec/store.ts";
import { digestOf, hex } from "../digest.ts";
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

export function recordPackedLayer(store: Store, packing: string, layer: LayerRecord): Promise<void> {
  return writeRecord(store, [`packed-${packing}`, hex(layer.diffId)], layer);
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

export function findReference(store: Store, reference: string, platform: string): Promise<ReferenceRecord | undefined> {
  return readRecord(store, ReferenceRecord, ["references", referenceKey(reference, platform)]);
}

/** Remembers what a reference stands for and lists it in `index.json`, where other OCI tools look. */
export async function recordReference(store: Store, record: ReferenceRecord): Promise<void> {
  const known = await findReference(store, record.reference, record.platform);
  if (known !== undefined && JSON.stringify(known) === JSON.stringify(record)) return;
  await writeRecord(store, ["references", referenceKey(record.reference, record.platform)], record);
  await writeIndex(store);
}

/** Name of a reference's record. */
export function referenceKey(reference: string, platform: string): string {
  return hex(digestOf(`${reference}\n${platform}`));
}

/**
 * Derives `index.json` from the references. Two processes that do so at once both write a true list; the next change
 * adds what the slower one did not see.
 */
export async function writeIndex(store: Store): Promise<void> {
  const folder = recordFile(store, "references");
  const manifests: IndexEntry[] = [];
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const record = await readRecord(store, ReferenceRecord, ["references", name.replace(/\.json$/, "")]);
    if (record === undefined) continue;
    manifests.push({
      ...record.manifest,
      platform: record.found,
      annotations: { [ANNOTATION.refName]: record.reference },
    });
  }
  await writeWhole(store, path.join(store.root, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
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
