import { createReadStream } from "node:fs";
import { MEDIA } from "../../spec/media-types.ts";
import type { Descriptor } from "../../spec/oci.ts";
import { Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import type { LayerRecord, LayerTree, ReferenceRecord } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { chunksOf } from "../http/answer.ts";
import { networkError } from "../http/errors.ts";
import { ingestLayer } from "../layer/ingest.ts";
import { createLimit } from "../limit.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { decodeAt, resolveImage } from "../registry/resolve.ts";
import { blobFile, hasBlob, readBlob, type Store, writeBlob } from "../store/layout.ts";
import { findLayerTree, findPulledLayer, findReference, recordReference } from "../store/records.ts";
import type { Image, LayerSource } from "./image.ts";
import { createRootFs, type RootFs } from "./rootfs.ts";

export interface PullOptions {
  readonly store: Store;
  readonly client: RegistryClient;
  readonly platform: Platform;
  /** Uses what the store has and asks no registry. */
  readonly offline: boolean;
  readonly onEvent: OnEvent;
}

/** Gets images into the store, each blob once, however many images share it. */
export type Pull = (reference: Reference) => Promise<Image>;

/** Layers that are fetched at once. */
const PARALLEL_LAYERS = 4;
const MAX_PLAIN_SIZE = 64 * 1024 ** 3;

/** What is needed of an image before its layers. */
interface Outline {
  readonly config: ImageConfig;
  readonly configBytes: Uint8Array;
  readonly layers: readonly Descriptor[];
}

export function createPull(options: PullOptions): Pull {
  const { store, client, platform, onEvent } = options;
  const limit = createLimit(PARALLEL_LAYERS);
  const images = new Map<string, Promise<Image>>();
  const layers = new Map<Digest, Promise<LayerRecord>>();

  return (reference) => share(images, formatReference(reference), () => pull(reference));

  async function pull(reference: Reference): Promise<Image> {
    const where = formatReference(reference);
    const known = options.offline || reference.digest !== undefined ? await outlineFromStore(where) : undefined;
    if (options.offline && known === undefined) throw offlineError(where, ["its manifest is not in the store"]);
    const outline = known ?? (await outlineFromRegistry(reference, where));
    if (options.offline) await checkLayers(outline, where);
    const { config, configBytes } = outline;
    const sources = outline.layers.map((descriptor, i) =>
      layerSource(reference, descriptor, config.rootfs.diff_ids[i]!),
    );
    const root = new Map<string, Promise<RootFs>>();
    return { config, configBytes, layers: sources, root: () => share(root, "", () => readRoot(sources)) };
  }

  async function readRoot(sources: readonly LayerSource[]): Promise<RootFs> {
    const root = createRootFs();
    for (const { origin, record } of sources) root.apply(await readTree(await record, origin));
    return root;
  }

  async function outlineFromRegistry(reference: Reference, where: string): Promise<Outline> {
    const resolved = await resolveImage(client.sources(reference)[0]!, reference, platform);
    const { index, manifest, config } = resolved;
    for (const document of [index, manifest, config]) {
      if (document !== undefined) await writeBlob(store, document.bytes);
    }
    await recordReference(store, {
      version: 1,
      reference: where,
      platform: formatPlatform(platform),
      ...(index !== undefined && { index: index.descriptor }),
      manifest: manifest.descriptor,
      found: resolved.platform as ReferenceRecord["found"],
    });
    onEvent({ kind: "resolve", reference: where, manifest: manifest.descriptor.digest, from: "registry" });
    return { config: resolved.imageConfig, configBytes: config.bytes, layers: resolved.layers };
  }

  async function outlineFromStore(where: string): Promise<Outline | undefined> {
    const record = await findReference(store, where, formatPlatform(platform));
    const manifestBytes = record && (await readBlob(store, record.manifest));
    if (record === undefined || manifestBytes === undefined) return undefined;
    const manifest = decodeAt(Manifest, manifestBytes, where);
    const configBytes = await readBlob(store, manifest.config);
    if (configBytes === undefined) return undefined;
    onEvent({ kind: "resolve", reference: where, manifest: record.manifest.digest, from: "store" });
    return {
      config: decodeAt(ImageConfig, configBytes, where, "the image config"),
      configBytes,
      layers: manifest.layers,
    };
  }

  async function checkLayers(outline: Outline, where: string): Promise<void> {
    const missing: string[] = [];
    for (const { digest, size } of outline.layers) {
      if ((await findPulledLayer(store, digest)) === undefined) missing.push(`layer ${digest} (${size} bytes)`);
    }
    if (missing.length > 0)
      throw offlineError(
        where,
        missing.map((text) => `the store lacks ${text}`),
      );
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
    const answer = await client.sources(reference)[0]!.get(`blobs/${layer}`, { where });
    const chunks = body(chunksOf(answer), where, answer.url);
    const record = await ingestLayer(store, descriptor, {
      ...ingest,
      chunks,
      onBytes: (size) => onEvent({ kind: "pull-bytes", layer, size }),
    });
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

function offlineError(where: string, missing: readonly string[]): AircrateError {
  return new AircrateError("refused", "the image is not in the store, and --offline allows no registry", {
    where,
    reason: missing,
    hint: "build once without --offline",
  });
}
