import { createReadStream } from "node:fs";
import { MEDIA } from "../../spec/media-types.ts";
import type { Descriptor } from "../../spec/oci.ts";
import type { LayerRecord, LayerTree } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { networkError } from "../http/errors.ts";
import { ingestLayer } from "../layer/ingest.ts";
import { createLimit } from "../limit.ts";
import { formatReference, type Reference } from "../reference.ts";
import { trySources } from "../registry/sources.ts";
import { blobFile, hasBlob } from "../store/layout.ts";
import { findLayerTree, findPulledLayer } from "../store/records.ts";
import type { Image, LayerSource } from "./image.ts";
import { findOutline, type OutlineOptions, passedOver } from "./outline.ts";
import { createRootFs, type RootFs } from "./rootfs.ts";

/** Gets images into the store, each blob once, however many images share it. */
export type Pull = (reference: Reference) => Promise<Image>;

/** Layers that are fetched at once. */
const PARALLEL_LAYERS = 4;
const MAX_PLAIN_SIZE = 64 * 1024 ** 3;

export function createPull(options: OutlineOptions): Pull {
  const { store, client, onEvent } = options;
  const limit = createLimit(PARALLEL_LAYERS);
  const images = new Map<string, Promise<Image>>();
  const layers = new Map<Digest, Promise<LayerRecord>>();

  return (reference) => share(images, formatReference(reference), () => pull(reference));

  async function pull(reference: Reference): Promise<Image> {
    const { config, configBytes, layers } = await findOutline(options, reference);
    const sources = layers.map((descriptor, i) => layerSource(reference, descriptor, config.rootfs.diff_ids[i]!));
    const root = new Map<string, Promise<RootFs>>();
    return { config, configBytes, layers: sources, root: () => share(root, "", () => readRoot(sources)) };
  }

  async function readRoot(sources: readonly LayerSource[]): Promise<RootFs> {
    const root = createRootFs();
    for (const { origin, record } of sources) root.apply(await readTree(await record, origin));
    return root;
  }

  function layerSource(reference: Reference, descriptor: Descriptor, diffId: Digest): LayerSource {
    const record = share(layers, descriptor.digest, () => limit(() => fetchLayer(reference, descriptor, diffId))).then(
      (layer) => {
        // Two images may name one blob; each config must promise what it really unpacks to.
        if (layer.diffId === diffId) return layer;
        throw new AircrateError("integrity", "a layer does not unpack to the diffID of the image's config", {
          where: formatReference(reference),
          reason: [`${descriptor.digest} gives ${layer.diffId}`, `and should give ${diffId}`],
        });
      },
    );
    // Whoever waits for the image sees the failure; until then it must not count as unhandled.
    record.catch(() => {});
    return { origin: formatReference(reference), record };
  }

  async function fetchLayer(reference: Reference, descriptor: Descriptor, diffId: Digest): Promise<LayerRecord> {
    const known = await findPulledLayer(store, descriptor.digest);
    if (known !== undefined) return known;
    const where = formatReference(reference);
    const ingest = { where, diffId, maxPlainSize: MAX_PLAIN_SIZE };
    if (await hasBlob(store, descriptor)) {
      // Another tool, or a build that was cut short, left the blob: it only has to be looked through.
      const chunks = createReadStream(blobFile(store, descriptor.digest), { highWaterMark: 256 * 1024 });
      try {
        return await ingestLayer(store, descriptor, { ...ingest, chunks });
      } catch (error) {
        if (!(error instanceof AircrateError) || error.fault !== "integrity" || options.offline) throw error;
      }
    }
    const layer = descriptor.digest;
    onEvent({ kind: "pull-start", reference: where, layer, size: descriptor.size });
    const record = await trySources(
      client.sources(reference),
      async (source) => {
        const answer = await source.get(`blobs/${layer}`, { where });
        const chunks = body(answer.body, where, answer.url);
        const onBytes = (size: number) => onEvent({ kind: "pull-bytes", layer, size });
        return ingestLayer(store, descriptor, { ...ingest, chunks, onBytes });
      },
      passedOver(onEvent, where),
    );
    onEvent({ kind: "pull-end", reference: where, layer, size: descriptor.size });
    return record;
  }

  async function readTree({ diffId, digest, size }: LayerRecord, where: string): Promise<LayerTree> {
    const known = await findLayerTree(store, diffId);
    if (known !== undefined) return known;
    // The list of names is damaged or gone: the layer, which was checked when it came, is looked through again.
    const chunks = createReadStream(blobFile(store, digest), { highWaterMark: 256 * 1024 });
    const descriptor = { mediaType: MEDIA.ociLayerGzip, digest, size };
    await ingestLayer(store, descriptor, { where, diffId, maxPlainSize: MAX_PLAIN_SIZE, chunks });
    const tree = await findLayerTree(store, diffId);
    if (tree !== undefined) return tree;
    throw new AircrateError("internal", "a layer's list of names vanished from the store", { where: digest });
  }
}

/** Words what goes wrong on the way as the registry's fault, not the store's. */
async function* body(chunks: AsyncIterable<Uint8Array>, where: string, url: URL): AsyncIterable<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw networkError(error, where, url);
  }
}

function share<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let promise = known.get(key);
  if (promise === undefined) {
    promise = make();
    known.set(key, promise);
  }
  return promise;
}
