import { decodeJson } from "../../spec/decode.ts";
import { Manifest } from "../../spec/oci.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import { readBlob, type Store } from "../store/layout.ts";
import { findPulledLayer, findReference } from "../store/records.ts";

/**
 * Whether the store has all layers of what a reference stood for when it was last asked for. The reference may have
 * moved since, so this only tells what to expect.
 */
export async function isImageStored(store: Store, reference: Reference, platform: Platform): Promise<boolean> {
  const record = await findReference(store, formatReference(reference), formatPlatform(platform));
  const bytes = record && (await readBlob(store, record.manifest));
  if (bytes === undefined) return false;
  const layers = decodeJson(Manifest, bytes).layers.map(({ digest }) => findPulledLayer(store, digest));
  return (await Promise.all(layers)).every((layer) => layer !== undefined);
}
