import { rm } from "node:fs/promises";
import { MEDIA } from "../../spec/media-types.ts";
import type { LayerRecord } from "../../spec/store.ts";
import type { ThinLayer } from "../../spec/thin.ts";
import type { Digest } from "../digest.ts";
import { PACKING } from "../gzip/deflate.ts";
import { type ImportLayer, takeLayer } from "../import/layer.ts";
import { visitMembers } from "../import/members.ts";
import { visitRanges } from "../import/ranges.ts";
import { spool } from "../import/spool.ts";
import type { ArchiveScan, Member } from "../inspect/archive.ts";
import { type PackedRange, packedRanges } from "../inspect/image-facts.ts";
import type { FoundFile, ReadOptions } from "../inspect/inspect.ts";
import { ingestFile, MAX_LAYER_SIZE } from "../layer/ingest.ts";
import type { Store } from "../store/layout.ts";
import { findPackedLayer, findPulledLayer } from "../store/records.ts";
import type { WorkPool } from "../workers/pool.ts";

interface CollectContext extends ReadOptions {
  readonly store: Store;
  readonly pool: WorkPool;
}

/** A layer in exactly this packed form, if the store has it. */
export async function findExactLayer(store: Store, { diffId, digest }: ThinLayer): Promise<LayerRecord | undefined> {
  const packed = await findPackedLayer(store, PACKING.name, diffId);
  const record = packed?.digest === digest ? packed : await findPulledLayer(store, digest);
  return record?.digest === digest && record.diffId === diffId ? record : undefined;
}

/**
 * Takes layers out of a file into the store, in the packed form that is wanted: byte for byte where the file was joined of
 * packed layers or holds them as files, else by packing them anew, which gives the wanted bytes for layers that were
 * packed here. What the file does not have is passed over.
 *
 * @throws AircrateError integrity when a layer in it is damaged; unreachable
 */
export async function collectLayers(
  { scan, archive, images }: FoundFile,
  wanted: readonly ThinLayer[],
  context: CollectContext,
): Promise<void> {
  if (archive === undefined || images === undefined) return;
  const members = new Map<Digest, Member>();
  for (const { diffId, member } of images.images.flatMap(({ layers }) => layers)) {
    if (diffId !== undefined && member?.blob?.diffId === diffId) members.set(diffId, member);
  }
  const ranges = packedRanges(archive);
  const packed: { layer: ThinLayer; range: PackedRange }[] = [];
  const rest = new Map<Member, ImportLayer>();
  for (const layer of wanted) {
    const member = members.get(layer.diffId);
    if (member === undefined) continue;
    const range = "artifact" in scan && archive.encoding === "gzip" ? ranges(member) : undefined;
    if (range !== undefined && range.end - range.start === layer.size) packed.push({ layer, range });
    else rest.set(member, { member, diffId: layer.diffId, packed: member.blob?.encoding === "gzip" });
  }
  await takePacked({ scan, archive }, packed, context);
  await visitMembers(scan, archive, {
    ...{ wanted: new Set(rest.keys()), signal: context.signal },
    async visit(member, content) {
      const where = `${scan.file}: ${archive.prefix}${member.name}`;
      await takeLayer(context.store, rest.get(member)!, { ...context, content, where });
    },
  });
}

async function takePacked(
  { scan, archive }: Pick<FoundFile, "scan"> & { archive: ArchiveScan },
  layers: readonly { layer: ThinLayer; range: PackedRange }[],
  { store, pool, signal }: CollectContext,
): Promise<void> {
  await visitRanges(scan, archive, {
    ...{ ranges: layers, signal },
    async visit({ layer }, chunks) {
      const { file } = await spool(store, chunks, layer.size);
      try {
        await ingestFile(
          store,
          pool,
          { mediaType: MEDIA.ociLayerGzip, digest: layer.digest, size: layer.size },
          { file, where: scan.file, diffId: layer.diffId, maxPlainSize: MAX_LAYER_SIZE },
        );
      } finally {
        await rm(file, { force: true });
      }
    },
  });
}
