import { rm } from "node:fs/promises";
import { isForeignLayer, layerEncoding } from "../../spec/media-types.ts";
import type { Descriptor } from "../../spec/oci.ts";
import type { LayerRecord } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import { PACKING } from "../gzip/deflate.ts";
import { blobFile, placeBlob, type Store, temporaryFile } from "../store/layout.ts";
import { findPackedLayer, recordLayerTree, recordPulledLayer } from "../store/records.ts";
import { shareSegments } from "../tar/shared.ts";
import type { CheckedBlob, CheckOptions, LayerContent } from "../unpack/check.ts";
import type { WorkPool } from "../workers/pool.ts";
import { buildLayer } from "./build.ts";

/** Largest plain size of a layer unless another is given, in bytes. */
export const MAX_LAYER_SIZE = 64 * 1024 ** 3;

export interface IngestOptions {
  /** Reference in full, for errors. */
  readonly where: string;
  /** The diffID that the image's config promises. */
  readonly diffId: Digest;
  /** Largest plain size that is accepted, in bytes. */
  readonly maxPlainSize: number;
  readonly onEvent?: OnEvent;
}

/**
 * Takes a layer blob that lies on disk into the store: checks it, gives it its name, and records what is in it. Nothing
 * is kept unless all is right; the file is left to the caller then.
 *
 * @param file its place in the store, or one beside it, from where it is moved
 * @throws AircrateError integrity (size, digest, diffID, contents), input (a kind of layer that is not supported)
 */
export async function ingestFile(
  store: Store,
  pool: WorkPool,
  descriptor: Descriptor,
  { file, ...options }: IngestOptions & { file: string },
): Promise<LayerRecord> {
  requireLayerType(descriptor, options);
  const checked = await checkBlob(pool, file, options);
  return keepLayer(store, pool, descriptor, { file, checked, ...options });
}

/**
 * Refuses, before a byte is fetched, what cannot be used whatever its bytes are.
 *
 * @throws AircrateError input (no layer, or one that registries may not hand on), integrity (too large)
 */
export function requireLayerType(
  { mediaType, digest, size }: Descriptor,
  { where, maxPlainSize }: Pick<IngestOptions, "where" | "maxPlainSize">,
): void {
  if (isForeignLayer(mediaType)) {
    throw new AircrateError("input", "a layer may not be handed on by registries", {
      where,
      reason: `${digest} is of type ${mediaType.slice(0, 200)}`,
      hint: "use a base image without foreign layers",
    });
  }
  if (layerEncoding(mediaType) === undefined) {
    throw new AircrateError("input", "a layer is of a type that is not known", {
      where,
      reason: `${digest} is of type ${mediaType.slice(0, 200)}`,
      hint: "use an image of plain, gzip or zstd layers",
    });
  }
  // No encoding makes a tar file larger than that.
  if (size > 2 * maxPlainSize) throw sizeLimitError(`${digest} has ${size} bytes packed`, where);
}

/** The same limit for a layer that the store has. @throws AircrateError integrity */
export function requireLayerSize({ digest, plainSize }: LayerRecord, where: string, maxPlainSize: number): void {
  if (plainSize > maxPlainSize) throw sizeLimitError(`${digest}: it gives more than ${maxPlainSize} bytes`, where);
}

/** Reads a layer blob once, in a thread. @throws AircrateError unreachable when the file cannot be read */
export async function checkBlob(pool: WorkPool, file: string, options: CheckOptions): Promise<CheckedBlob> {
  const { maxPlainSize, plainFile } = options;
  try {
    return await pool.run({ kind: "check", file, maxPlainSize, ...(plainFile !== undefined && { plainFile }) });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new AircrateError("unreachable", "a layer cannot be read or unpacked", {
      where: file,
      reason: (error as Error).message,
      cause: error,
    });
  }
}

/**
 * What is in a blob that was checked, if it is the one that was meant.
 *
 * @param diffId the one promised, where one is
 * @throws AircrateError integrity (size, digest, diffID, contents), input (an encoding that is not supported)
 */
export function requireContent(
  { digest, size, content }: CheckedBlob,
  wanted: { readonly digest: Digest; readonly size: number },
  { where, diffId }: { where: string; diffId?: Digest },
): LayerContent {
  if (size !== wanted.size) throw layerSizeError(wanted, where, String(size));
  if (digest !== wanted.digest) {
    throw new AircrateError("integrity", "a layer does not have the digest that names it", {
      where,
      reason: [`wanted ${wanted.digest}`, `received ${digest}`],
      hint: "a proxy or mirror may have changed it; try another network or mirror",
    });
  }
  if ("fault" in content) {
    const reason = `${digest}: ${content.reason}`;
    if (content.fault === "too large") throw sizeLimitError(reason, where);
    if (content.fault === "damaged") throw new AircrateError("integrity", "a layer is damaged", { where, reason });
    throw new AircrateError("input", "a layer is packed in a way that images do not have", {
      where,
      reason,
      hint: `convert the image once: skopeo copy --dest-compress-format gzip docker://${where} docker://YOUR-REGISTRY/NAME:TAG`,
    });
  }
  if (diffId !== undefined && content.diffId !== diffId) {
    throw new AircrateError("integrity", "a layer does not unpack to the diffID of the image's config", {
      where,
      reason: [`${digest} should give ${diffId}`, `and gives ${content.diffId}`],
    });
  }
  return content;
}

/**
 * Gives a blob that was checked its name in the store and records what is in it. One that is not packed with gzip is
 * kept as it came, for other tools, and packed by our rule beside it: that is the blob that goes into outputs.
 *
 * @throws AircrateError as {@link requireContent}; unreachable when the store cannot be written to
 */
export async function keepLayer(
  store: Store,
  pool: WorkPool,
  descriptor: Descriptor,
  options: IngestOptions & { file: string; checked: CheckedBlob },
): Promise<LayerRecord> {
  const { file, checked } = options;
  const { encoding, diffId, plainSize, tree } = requireContent(checked, descriptor, options);
  await placeBlob(store, file, descriptor.digest);
  const { digest, size, crc } = checked;
  const layer: LayerRecord =
    encoding === "gzip"
      ? { version: 1, diffId, plainSize, digest, size, crc }
      : await packAnew(store, pool, checked, options);
  await recordLayerTree(store, diffId, tree);
  await recordPulledLayer(store, descriptor.digest, layer);
  return layer;
}

/** The gzip form of a blob that has its place. Its bytes follow from the plain tar and {@link PACKING} alone. */
async function packAnew(
  store: Store,
  pool: WorkPool,
  { digest, content }: CheckedBlob,
  { where, onEvent }: Pick<IngestOptions, "where" | "onEvent">,
): Promise<LayerRecord> {
  const { encoding, diffId, plainSize, cuts } = content as LayerContent;
  const known = await findPackedLayer(store, PACKING.name, diffId);
  if (known !== undefined) return known;
  const blob = blobFile(store, digest);
  const plainFile = encoding === "plain" ? blob : temporaryFile(store);
  try {
    // Unpacked a second time, to disk: packing takes several times as long, and every thread reads another part.
    if (plainFile !== blob) await checkBlob(pool, blob, { maxPlainSize: plainSize, plainFile });
    const stream = shareSegments([{ file: plainFile, offset: 0, size: plainSize }]);
    const { source: _, ...layer } = await inStep(onEvent, { work: "pack", name: where, size: plainSize }, (onBytes) =>
      buildLayer(store, pool, { stream, cuts, onBytes }),
    );
    if (layer.diffId === diffId) return layer;
    throw new AircrateError("integrity", "a layer changed in the store while it was read", { where: blob });
  } finally {
    if (plainFile !== blob) await rm(plainFile, { force: true });
  }
}

/** A layer blob is longer or shorter than its descriptor says. */
export function layerSizeError(
  { digest, size }: { readonly digest: Digest; readonly size: number },
  where: string,
  found: string,
): AircrateError {
  return new AircrateError("integrity", "a layer does not have the announced size", {
    where,
    reason: `${digest}: announced ${size} bytes, received ${found}`,
  });
}

function sizeLimitError(reason: string, where: string): AircrateError {
  return new AircrateError("integrity", "a layer unpacks to more than is allowed", {
    where,
    reason,
    hint: "if you trust the image, allow more with --max-layer-size SIZE",
  });
}
