import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { Finding } from "../../spec/inspection.ts";
import { MEDIA } from "../../spec/media-types.ts";
import type { LayerRecord } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { PACKING } from "../gzip/deflate.ts";
import type { Member } from "../inspect/archive.ts";
import type { FoundLayer } from "../inspect/images.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { buildLayer } from "../layer/build.ts";
import { ingestFile, MAX_LAYER_SIZE } from "../layer/ingest.ts";
import type { Store } from "../store/layout.ts";
import {
  findLayerTree,
  findPackedLayer,
  findPulledLayer,
  recordLayerTree,
  recordPulledLayer,
} from "../store/records.ts";
import { TarFormatError } from "../tar/parser.ts";
import type { FileSegment } from "../tar/sequence.ts";
import { shareSegments } from "../tar/shared.ts";
import { createTreeIndexer, type IndexedLayer } from "../unpack/tree-index.ts";
import type { WorkPool } from "../workers/pool.ts";
import { spool } from "./spool.ts";

/** A layer that is in the file and unpacks to what its config promises. */
export interface ImportLayer {
  readonly member: Member;
  readonly diffId: Digest;
  /** Whether it is a gzip file, which the store takes as it is. */
  readonly packed: boolean;
}

/** Layers that other files have, by diffID: they take the place of those that are left out. */
export type Elsewhere = ReadonlyMap<Digest, Member>;

/** @throws AircrateError input when it is packed in a way that is not supported */
export function checkLayer(
  { member: own, path, diffId }: FoundLayer,
  { where, file, elsewhere }: { where: string; file: string; elsewhere: Elsewhere },
): Finding | { readonly layer: ImportLayer } {
  if (path === undefined) return { where, message: "is missing: the config has more diffIDs than there are layers" };
  const member = own ?? elsewhere.get(diffId ?? "");
  if (member?.blob === undefined) return { where, message: `${path} is not in the file` };
  const { encoding, fault, document, diffId: found, layer } = member.blob;
  if (encoding !== "plain" && encoding !== "gzip") {
    throw new AircrateError("input", `a layer is packed with ${encoding}`, {
      where: file,
      reason: `${where}: ${member.name}`,
      hint: "convert the image once: skopeo copy --dest-compress-format gzip oci-archive:OLD.tar oci-archive:NEW.tar",
    });
  }
  if (fault !== undefined) return { where, message: `cannot be unpacked: ${fault}` };
  if (document !== undefined || layer === undefined) return { where, message: "is a JSON document and no layer" };
  if (layer.fault !== undefined) return { where, message: `is no layer: ${layer.fault}` };
  if (member.size === 0) return { where, message: "is empty" };
  if (diffId === undefined) return { where, message: "has no diffID in the config" };
  if (found !== diffId) return { where, message: `unpacks to ${found}, but the config says ${diffId}` };
  return { layer: { member, diffId, packed: encoding === "gzip" } };
}

/** Where the bytes of a member are: in a file that can be read at any place, or in a stream that passes by. */
export type LayerContent = { readonly segment: FileSegment } | { readonly chunks: AsyncIterable<Uint8Array> };

export interface TakenLayer {
  readonly record: LayerRecord;
  /** Whether the store had it before. */
  readonly known: boolean;
}

/** The layer, if the store has it with all that a build needs of it. */
export async function findTaken(
  store: Store,
  { member, diffId, packed }: ImportLayer,
): Promise<LayerRecord | undefined> {
  const record = packed
    ? await findPulledLayer(store, member.blob!.digest)
    : await findPackedLayer(store, PACKING.name, diffId);
  if (record?.diffId !== diffId || (await findLayerTree(store, diffId)) === undefined) return undefined;
  if (!packed) await recordPulledLayer(store, record.digest, record);
  return record;
}

const CHUNK = 256 * 1024;

/**
 * Takes a layer into the store: packed ones as they are, plain ones packed by our rule. Either is checked again.
 *
 * @throws AircrateError integrity
 */
export async function takeLayer(
  store: Store,
  { member, diffId, packed }: ImportLayer,
  { content, pool, where, signal }: ReadOptions & { content: LayerContent; pool: WorkPool; where: string },
): Promise<TakenLayer> {
  if (!packed && "segment" in content) return packLayer(store, content.segment, { diffId, pool, where, signal });
  const chunks = "chunks" in content ? content.chunks : readSegment(content.segment, signal);
  const segment = await spool(store, chunks, member.size);
  try {
    if (!packed) return await packLayer(store, segment, { diffId, pool, where, signal });
    const descriptor = { mediaType: MEDIA.ociLayerGzip, digest: member.blob!.digest, size: member.size };
    const { file } = segment;
    const record = await ingestFile(store, pool, descriptor, { file, where, diffId, maxPlainSize: MAX_LAYER_SIZE });
    return { record, known: false };
  } finally {
    await rm(segment.file, { force: true });
  }
}

async function packLayer(
  store: Store,
  segment: FileSegment,
  { diffId, pool, where, signal }: ReadOptions & { diffId: Digest; pool: WorkPool; where: string },
): Promise<TakenLayer> {
  const { tree, cuts } = await indexLayer(segment, { where, signal });
  const { source, ...record } = await buildLayer(store, pool, { stream: shareSegments([segment]), cuts });
  if (record.diffId !== diffId) {
    throw new AircrateError("integrity", "the file changed while it was read", {
      where,
      reason: `a layer had the diffID ${diffId} and has ${record.diffId} now`,
    });
  }
  await recordLayerTree(store, diffId, tree);
  await recordPulledLayer(store, record.digest, record);
  return { record, known: source === "store" };
}

async function indexLayer(
  segment: FileSegment,
  { where, signal }: ReadOptions & { where: string },
): Promise<IndexedLayer> {
  const indexer = createTreeIndexer();
  try {
    for await (const chunk of readSegment(segment, signal)) indexer.write(chunk);
    return indexer.finish();
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw error;
    throw new AircrateError("integrity", "a layer is damaged", { where, reason: error.message, cause: error });
  }
}

export function readSegment({ file, offset, size }: FileSegment, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  return createReadStream(file, {
    ...{ start: offset, end: offset + size - 1, highWaterMark: CHUNK },
    ...(signal && { signal }),
  });
}
