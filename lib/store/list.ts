import type { Amount, StoredReference, StoreListing } from "../../spec/store-reports.ts";
import { compareBytes } from "../bytes.ts";
import type { Store } from "./layout.ts";
import { createReach } from "./reach.ts";
import { type StoredFile, type Survey, surveyStore } from "./survey.ts";

/** What is in a store. @throws AircrateError unreachable when it cannot be read */
export async function listStore(store: Store): Promise<StoreListing> {
  const survey = await surveyStore(store);
  const { blobs, layers, files, temporary, partial, quarantine } = survey;
  // One blob may be recorded twice, as a layer that was packed here and came back from a registry.
  const layersOf = (pulled: boolean) => {
    const digests = layers
      .filter((layer) => (layer.pulled !== undefined) === pulled)
      .map(({ record }) => record.digest);
    return amountOf([...new Set(digests)].flatMap((digest) => blobs.get(digest) ?? []));
  };
  return {
    version: 1,
    store: store.root,
    references: await listReferences(store, survey),
    blobs: amountOf([...blobs.values()]),
    pulled: layersOf(true),
    packed: layersOf(false),
    files: amountOf(files.flatMap(({ record }) => blobs.get(record.digest) ?? [])),
    partial: amountOf(partial),
    temporary: amountOf(temporary),
    quarantine: amountOf(quarantine),
  };
}

async function listReferences(store: Store, survey: Survey): Promise<StoredReference[]> {
  const reach = createReach(store, survey);
  const listed: StoredReference[] = [];
  for (const { record, usedMs } of survey.references) {
    const { digests, config, layers, complete } = await reach(record);
    const { reference, platform, manifest, local = false } = record;
    const used = survey.blobs.get(manifest.digest)?.usedMs ?? usedMs;
    listed.push({
      ...{ reference, platform, local, manifest: manifest.digest },
      ...(config !== undefined && { config }),
      size: amountOf([...digests].flatMap((digest) => survey.blobs.get(digest) ?? [])).size,
      layers: layers.length,
      complete,
      used: new Date(used).toISOString(),
    });
  }
  return listed.sort((a, b) => compareBytes(a.reference, b.reference) || compareBytes(a.platform, b.platform));
}

export function amountOf(files: readonly Pick<StoredFile, "size">[]): Amount {
  return { count: files.length, size: files.reduce((sum, { size }) => sum + size, 0) };
}
