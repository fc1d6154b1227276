import { MEDIA } from "../../spec/media-types.ts";
import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { digestOf } from "../digest.ts";
import type { OnEvent } from "../events.ts";
import { PACKING } from "../gzip/deflate.ts";
import type { PlacedLayer } from "../layer/builder.ts";
import { mapLimited } from "../limit.ts";
import type { RegistryTarget } from "../registry/target.ts";
import type { Store } from "../store/layout.ts";
import { readBlobFrom } from "../store/read.ts";
import { findPackedBlocks } from "../store/records.ts";
import { cacheTag, composeEntry, EMPTY_CONFIG } from "./entry.ts";

export interface CachePushOptions {
  readonly store: Store;
  /** The repository, to ask what it has. */
  readonly known: Pick<RegistryTarget, "has">;
  /** The same, to push to. */
  readonly target: RegistryTarget;
  readonly onEvent: OnEvent;
}

export interface UnsharedLayer {
  readonly layer: PlacedLayer;
  readonly entry: Buffer;
}

/** Pushes layers to the repository. Everything may throw what the target does. */
export interface CachePush {
  /** Those that are not there yet, but for layers of which nobody knows any more where their blocks begin. */
  findMissing(layers: readonly PlacedLayer[]): Promise<readonly UnsharedLayer[]>;
  send(layers: readonly UnsharedLayer[], onSent: (layer: PlacedLayer) => void): Promise<void>;
}

const PARALLEL_REQUESTS = 8;
const PARALLEL_UPLOADS = 4;

export function createCachePush({ store, known, target, onEvent }: CachePushOptions): CachePush {
  const reference = `${target.host}/${target.repository}`;
  return {
    async findMissing(layers) {
      const missing = await mapLimited(PARALLEL_REQUESTS, layers, async (layer) => {
        const entry = await entryOf(store, layer);
        if (entry === undefined) return [];
        const found = await known.has("manifests", cacheTag(layer.diffId));
        return found === undefined ? [{ layer, entry }] : [];
      });
      return missing.flat();
    },
    async send(layers, onSent) {
      if (layers.length === 0) return;
      await sendConfig();
      await mapLimited(PARALLEL_UPLOADS, layers, async ({ layer, entry }) => {
        await sendBlob(layer);
        // The tag comes last: what it leads to is whole.
        await target.putManifest(cacheTag(layer.diffId), MEDIA.ociManifest, entry);
        onSent(layer);
      });
    },
  };

  async function sendConfig(): Promise<void> {
    const config = { digest: digestOf(EMPTY_CONFIG), size: EMPTY_CONFIG.length };
    if ((await target.has("blobs", config.digest)) !== undefined) return;
    async function* open() {
      yield EMPTY_CONFIG;
    }
    await target.upload(config, { open });
  }

  async function sendBlob({ digest, size }: PlacedLayer): Promise<void> {
    if ((await target.has("blobs", digest)) !== undefined) return;
    const content = {
      open: (from: number) => readBlobFrom(store, { digest, size }, { from, again: "build again" }),
      onStart: (from: number) => onEvent({ kind: "push-start", reference, layer: digest, size, from }),
      onBytes: (count: number) => onEvent({ kind: "push-bytes", layer: digest, size: count }),
    };
    try {
      await target.upload({ digest, size }, content);
    } catch (error) {
      onEvent({ kind: "push-fail", layer: digest });
      throw error;
    }
    onEvent({ kind: "push-end", reference, layer: digest, size });
  }
}

/** The entry of a layer, unless it is too large for a manifest or something else was packed for its place since. */
async function entryOf(store: Store, { place, diffId, digest, size }: PlacedLayer): Promise<Buffer | undefined> {
  const record = await findPackedBlocks(store, PACKING.name, place);
  if (record?.digest !== digest) return undefined;
  const entry = composeEntry(diffId, { blob: { digest, size }, blockSizes: record.blocks.map(([, , size]) => size) });
  return entry.length <= MAX_DOCUMENT ? entry : undefined;
}
