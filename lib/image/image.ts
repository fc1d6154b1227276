import type { ContainerConfig, HistoryEntry, ImageConfig } from "../../spec/oci-config.ts";
import type { LayerRecord } from "../../spec/store.ts";
import type { PlacedLayer } from "../layer/builder.ts";
import type { Platform } from "../platform.ts";
import { createRootFs, type RootFs } from "./rootfs.ts";

/**
 * An image that is being made or was pulled. Its layers may still be packed; what is on top of it needs only the names
 * in them.
 */
export interface Image {
  /** The config so far; the diffIDs of layers that are still being packed are not in it yet. */
  readonly config: ImageConfig;
  /** The config's bytes, of an image that is used as it was pulled: they are never written anew. */
  readonly configBytes?: Uint8Array;
  readonly layers: readonly LayerSource[];
  /** What its layers come to. Not to be changed: an image on top of it goes on from a clone. */
  readonly root: () => Promise<RootFs>;
}

export interface LayerSource {
  /** For reports: the instruction, or the reference that it was pulled with. */
  readonly origin: string;
  readonly record: Promise<LayerRecord | PlacedLayer>;
}

/** `FROM scratch`. */
export function emptyImage(platform: Platform): Image {
  return {
    config: {
      architecture: platform.architecture,
      os: platform.os,
      ...(platform.variant !== undefined && { variant: platform.variant }),
      rootfs: { type: "layers", diff_ids: [] },
    },
    layers: [],
    root: async () => createRootFs(),
  };
}

/** What a config says about how its own image was made, which is not true of one that is built on it. */
const OWN_KEYS: ReadonlySet<string> = new Set(["container", "container_config", "docker_version", "id", "parent"]);

/**
 * The config of an image on top of another: keys and order of the base's stay, also those unknown here; its history is
 * kept as it is.
 *
 * @param created RFC 3339, from the epoch of the build
 */
export function deriveConfig(
  base: ImageConfig,
  added: { created: string; author?: string; config: ContainerConfig; history: readonly HistoryEntry[] },
): ImageConfig {
  const { created, author, config, history } = added;
  const kept = Object.entries(base).filter(([key]) => !OWN_KEYS.has(key) && !key.startsWith("moby."));
  return {
    ...(Object.fromEntries(kept) as unknown as ImageConfig),
    created,
    ...(author !== undefined && { author }),
    config,
    history: [...(base.history ?? []), ...history.map((entry) => ({ created, ...entry }))],
  };
}

/** The final bytes of the config, and the layers, once all of them are packed. */
export async function finishImage(image: Image): Promise<{ configBytes: Uint8Array; layers: LayerRecord[] }> {
  const layers = await Promise.all(image.layers.map(({ record }) => record));
  if (image.configBytes !== undefined) return { configBytes: image.configBytes, layers };
  const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) };
  return { configBytes: Buffer.from(JSON.stringify({ ...image.config, rootfs }), "utf8"), layers };
}
