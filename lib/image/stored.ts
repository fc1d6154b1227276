import { decodeJson } from "../../spec/decode.ts";
import { Manifest } from "../../spec/oci.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import { readBlob, type Store } from "../store/layout.ts";
import { findPulledLayer, findReference } from "../store/records.ts";
import type { Pins } from "./pin.ts";

/**
 * Whether the store has all layers of what a reference is locked to, or stood for when it was last asked for. In the
 * latter case it may have moved since, so this only tells what to expect.
 */
export async function isImageStored(
  store: Store,
  reference: Reference,
  { platform, pins }: { platform: Platform; pins: Pins },
): Promise<boolean> {
  const where = formatReference(reference);
  const record = pins.get(where) ?? (await findReference(store, where, formatPlatform(platform)));
  const bytes = record && (await readBlob(store, record.manifest));
  if (bytes === undefined) return false;
  const layers = decodeJson(Manifest, bytes).layers.map(({ digest }) => findPulledLayer(store, digest));
  return (await Promise.all(layers)).every((layer) => layer !== undefined);
}
