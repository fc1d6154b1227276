import { decodeJson, SpecError } from "../../spec/decode.ts";
import { Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import type { Pins } from "../image/pin.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { formatReference } from "../reference.ts";
import { readBlob, type Store } from "../store/layout.ts";
import { findReference } from "../store/records.ts";

/** Configs of pulled images by their name in a plan, as far as a store has them. */
export type StoredConfigs = ReadonlyMap<string, ImageConfig>;

export async function storedConfigs({ images, platform }: BuildPlan, store: Store, pins: Pins): Promise<StoredConfigs> {
  const found = new Map<string, ImageConfig>();
  for (const { name, recipe } of images) {
    if (recipe.kind !== "pull") continue;
    const config = await storedConfig(store, formatReference(recipe.reference), { platform, pins });
    if (config !== undefined) found.set(name, config);
  }
  return found;
}

/**
 * The config of what a reference is locked to, or stood for when it was last asked for.
 *
 * @param reference in full
 */
export async function storedConfig(
  store: Store,
  reference: string,
  { platform, pins }: { platform: Platform; pins?: Pins },
): Promise<ImageConfig | undefined> {
  const record = pins?.get(reference) ?? (await findReference(store, reference, formatPlatform(platform)));
  const manifest = record && (await readBlob(store, record.manifest));
  try {
    const config = manifest && (await readBlob(store, decodeJson(Manifest, manifest).config));
    return config && decodeJson(ImageConfig, config);
  } catch (error) {
    // What a build would refuse there, it tells with the registry at hand.
    if (error instanceof SpecError) return undefined;
    throw error;
  }
}
