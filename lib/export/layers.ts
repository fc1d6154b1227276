import { rm } from "node:fs/promises";
import { MEDIA } from "../../spec/media-types.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { type ImportLayer, takeLayer } from "../import/layer.ts";
import { visitMembers } from "../import/members.ts";
import { visitRanges } from "../import/ranges.ts";
import { spool } from "../import/spool.ts";
import type { Member } from "../inspect/archive.ts";
import { type PackedRange, packedRanges } from "../inspect/image-facts.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { checkBlob, keepLayer, MAX_LAYER_SIZE } from "../layer/ingest.ts";
import type { Store } from "../store/layout.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { Holder, Source } from "./source.ts";

export interface TakeContext extends ReadOptions {
  readonly store: Store;
  readonly pool: WorkPool;
}

/**
 * Takes layers out of their files into a store, packed: byte for byte where they lie packed in the archive, or the
 * archive was joined of packed layers; else by our rule. Each is checked once more. A file is read once more for layers
 * of either kind.
 *
 * @returns by the member that holds them
 * @throws AircrateError integrity when a file changed since it was read; unreachable when the disk is full
 */
export async function takeLayers(
  { holderOf }: Pick<Source, "holderOf">,
  layers: Iterable<ImportLayer>,
  context: TakeContext,
): Promise<ReadonlyMap<Member, LayerRecord>> {
  const byHolder = new Map<Holder, Map<Member, ImportLayer>>();
  for (const layer of layers) {
    const holder = holderOf(layer.member);
    byHolder.set(holder, (byHolder.get(holder) ?? new Map()).set(layer.member, layer));
  }
  const taken = new Map<Member, LayerRecord>();
  for (const [{ scan, archive }, wanted] of byHolder) {
    const rangeOf = packedRanges(archive);
    const ranges: { layer: ImportLayer; range: PackedRange }[] = [];
    for (const layer of wanted.values()) {
      // Of a packed layer in a packed archive the range would be packed twice.
      const range = layer.packed ? undefined : rangeOf(layer.member);
      if (range !== undefined) ranges.push({ layer, range });
    }
    const where = ({ name }: Member) => `${scan.file}: ${archive.prefix}${name}`;
    await visitRanges(scan, archive, {
      ...{ ranges, signal: context.signal },
      async visit({ layer, range }, packed) {
        const { member } = layer;
        taken.set(member, await takeRange(layer, range, { ...context, packed, where: where(member) }));
      },
    });
    const rest = [...wanted.keys()].filter((member) => !taken.has(member));
    await visitMembers(scan, archive, {
      ...{ wanted: new Set(rest), signal: context.signal },
      async visit(member, content) {
        const how = { ...context, content, where: where(member) };
        const { record } = await takeLayer(context.store, wanted.get(member)!, how);
        taken.set(member, record);
      },
    });
  }
  return taken;
}

async function takeRange(
  { diffId }: ImportLayer,
  { start, end }: PackedRange,
  { store, pool, packed, where }: TakeContext & { packed: AsyncIterable<Uint8Array>; where: string },
): Promise<LayerRecord> {
  const { file } = await spool(store, packed, end - start);
  try {
    const options = { where, diffId, maxPlainSize: MAX_LAYER_SIZE };
    const checked = await checkBlob(pool, file, options);
    const descriptor = { mediaType: MEDIA.ociLayerGzip, digest: checked.digest, size: checked.size };
    return await keepLayer(store, pool, descriptor, { file, checked, ...options });
  } finally {
    await rm(file, { force: true });
  }
}
