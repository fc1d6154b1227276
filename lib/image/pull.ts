import type { Descriptor } from "../../spec/oci.ts";
import type { LayerRecord, LayerTree } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { fetchLayer } from "../fetch/layer.ts";
import {
  checkBlob,
  type IngestOptions,
  ingestFile,
  MAX_LAYER_SIZE,
  requireContent,
  requireLayerSize,
} from "../layer/ingest.ts";
import { createLimit } from "../limit.ts";
import { formatReference, type Reference } from "../reference.ts";
import { blobFile, hasBlob } from "../store/layout.ts";
import { findLayerTree, findPulledLayer, recordLayerTree } from "../store/records.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { Image, LayerSource } from "./image.ts";
import { findOutline, type OutlineOptions, passedOver } from "./outline.ts";
import { mergeLayers, type RootFs } from "./rootfs.ts";

/** Gets images into the store, each blob once, however many images share it. */
export type Pull = (reference: Reference) => Promise<Image>;

/** Layers that are fetched at once. */
const PARALLEL_LAYERS = 4;

export interface PullOptions extends OutlineOptions {
  readonly pool: WorkPool;
  /** Largest plain size of a layer, in bytes; default 64 GiB. */
  readonly maxLayerSize?: number;
  /** Stops downloads that wait before they go on. */
  readonly signal?: AbortSignal;
  /** Pauses between attempts at a blob, in ms; see DownloadOptions. */
  readonly pauses?: readonly number[];
}

export function createPull(options: PullOptions): Pull {
  const { store, pool, client, onEvent, maxLayerSize = MAX_LAYER_SIZE } = options;
  const limit = createLimit(PARALLEL_LAYERS);
  const images = new Map<string, Promise<Image>>();
  const layers = new Map<Digest, Promise<LayerRecord>>();

  return (reference) => share(images, formatReference(reference), () => pull(reference));

  async function pull(reference: Reference): Promise<Image> {
    const { config, configBytes, layers } = await findOutline(options, reference);
    const sources = layers.map((descriptor, i) => layerSource(reference, descriptor, config.rootfs.diff_ids[i]!));
    const root = new Map<string, Promise<RootFs>>();
    const records = sources.map(({ record }) => record);
    const readRoot = () => mergeLayers(records, (layer) => readTree(layer, formatReference(reference)));
    return { config, configBytes, layers: sources, root: () => share(root, "", readRoot) };
  }

  function layerSource(reference: Reference, descriptor: Descriptor, diffId: Digest): LayerSource {
    const record = share(layers, descriptor.digest, () => getLayer(reference, descriptor, diffId)).then((layer) => {
      // Two images may name one blob; each config must promise what it really unpacks to.
      if (layer.diffId === diffId) return layer;
      throw new AircrateError("integrity", "a layer does not unpack to the diffID of the image's config", {
        where: formatReference(reference),
        reason: [`${descriptor.digest} gives ${layer.diffId}`, `and should give ${diffId}`],
      });
    });
    // Whoever waits for the image sees the failure; until then it must not count as unhandled.
    record.catch(() => {});
    return { origin: formatReference(reference), record };
  }

  async function getLayer(reference: Reference, descriptor: Descriptor, diffId: Digest): Promise<LayerRecord> {
    const where = formatReference(reference);
    const { digest: layer, size } = descriptor;
    const known = await findPulledLayer(store, layer);
    if (known !== undefined) {
      requireLayerSize(known, where, maxLayerSize);
      return known;
    }
    const isThere = await hasBlob(store, descriptor);
    if (!isThere) onEvent({ kind: "pull-wait", layer, size });
    const ingest = { where, diffId, maxPlainSize: maxLayerSize, onEvent };
    return limit(() => bringLayer(reference, descriptor, { ...ingest, isThere }));
  }

  /** @param isThere whether the store has its blob */
  async function bringLayer(
    reference: Reference,
    descriptor: Descriptor,
    { isThere, ...ingest }: IngestOptions & { isThere: boolean },
  ): Promise<LayerRecord> {
    const { where } = ingest;
    const { digest: layer, size } = descriptor;
    if (isThere) {
      // Another tool, or a build that was cut short, left the blob: it only has to be looked through.
      try {
        return await ingestFile(store, pool, descriptor, { ...ingest, file: blobFile(store, layer) });
      } catch (error) {
        if (!(error instanceof AircrateError) || error.fault !== "integrity" || options.offline) throw error;
      }
    }
    const record = await fetchLayer(store, pool, descriptor, {
      ...ingest,
      sources: client.sources(reference),
      signal: options.signal,
      pauses: options.pauses,
      onPassedOver: passedOver(onEvent, where),
      onStart: (from) => onEvent({ kind: "pull-start", reference: where, layer, size, from }),
      onBytes: (count) => onEvent({ kind: "pull-bytes", layer, size: count }),
    });
    onEvent({ kind: "pull-end", reference: where, layer, size, stored: record.digest });
    return record;
  }

  async function readTree(record: LayerRecord, where: string): Promise<LayerTree> {
    const { diffId, digest, plainSize } = record;
    const known = await findLayerTree(store, diffId);
    if (known !== undefined) return known;
    // The list of names is damaged or gone: the layer, which was checked when it came, is looked through again.
    const checked = await checkBlob(pool, blobFile(store, digest), { maxPlainSize: plainSize });
    const { tree } = requireContent(checked, record, { where, diffId });
    await recordLayerTree(store, diffId, tree);
    return tree;
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
