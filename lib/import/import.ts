import type { ImportedFile, ImportedImage, ImportReport } from "../../spec/store-reports.ts";
import { abortable } from "../abort.ts";
import { composeManifest } from "../archive/manifest.ts";
import type { ArchiveScan, Member } from "../inspect/archive.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { type FileScan, scanFile } from "../inspect/scan.ts";
import { openStore, type Store, writeBlob } from "../store/layout.ts";
import { takeLease } from "../store/lease.ts";
import { amountOf } from "../store/list.ts";
import { recordReference } from "../store/records.ts";
import { createWorkPool, type WorkPool, type WorkPoolOptions } from "../workers/pool.ts";
import { selectFiles, takeFiles } from "./files.ts";
import { findTaken, type ImportLayer, type TakenLayer, takeLayer } from "./layer.ts";
import { archiveOf, visitMembers } from "./members.ts";
import { type NamedImage, nameImages } from "./name.ts";
import { selectImages } from "./select.ts";

export interface ImportOptions extends ReadOptions {
  /** Folder of the blob store. */
  readonly store: string;
  /** Reference for the image, instead of the names in the file. */
  readonly as?: string;
  readonly work?: WorkPoolOptions;
  /** Bytes that a file may unpack to, over all its levels; default 256 GiB. */
  readonly maxUnpacked?: number;
}

/**
 * Takes the images of files into the store, so that builds find them without a registry: OCI image layouts (folder, tar,
 * gzip'd tar), docker-archives and `.auterionos` files of any writer.
 *
 * A file is read twice. The first time everything in it is checked, and a file that is wrong adds nothing. The second
 * time its layers come into the store, checked as those of a registry: gzip'd ones byte for byte, with the file's own
 * manifest; plain ones packed by our rule, with a manifest that is made for them. From a layout of `aircrate vendor`, its
 * remote files come as well. Memory does not grow with the file.
 *
 * @throws AircrateError unreachable: a file cannot be read; input: it is none of these, or holds what is not supported;
 *   integrity: it is damaged, incomplete or not what it says; the reason of the signal: what was taken by then stays
 */
export async function importFiles(files: readonly string[], options: ImportOptions): Promise<ImportReport> {
  const pool = createWorkPool(options.work);
  return abortable(
    options.signal,
    () => importAll(files, options, pool),
    () => void pool.close(),
  );
}

async function importAll(files: readonly string[], options: ImportOptions, pool: WorkPool): Promise<ImportReport> {
  const store = await openStore(options.store);
  const giveBack = await takeLease(store);
  try {
    const imported: ImportedFile[] = [];
    for (const file of files) imported.push(await importFile(file, { ...options, store, pool }));
    const layers = imported.flatMap(({ images }) => images.flatMap((image) => image.layers));
    const added = new Map(layers.filter(({ known }) => !known).map((layer) => [layer.digest, layer]));
    return { version: 1, store: store.root, files: imported, added: amountOf([...added.values()]) };
  } finally {
    await Promise.all([pool.close(), giveBack()]);
  }
}

interface Context extends ReadOptions {
  readonly store: Store;
  readonly pool: WorkPool;
  readonly as?: string;
  readonly maxUnpacked?: number;
}

async function importFile(file: string, { store, pool, as, maxUnpacked, signal }: Context): Promise<ImportedFile> {
  const scan = await scanFile(file, { maxUnpacked, signal });
  const archive = archiveOf(scan);
  const faults = "artifact" in scan ? scan.artifact.faults : [];
  const files = selectFiles(archive);
  const selected = selectImages(archive, {
    ...{ file, faults: [...faults, ...files.faults] },
    optional: files.members.size > 0,
  });
  const images = nameImages(selected, { file, ...(as !== undefined && { as }) });
  const taken = await takeLayers(images, { scan, archive, store, pool, signal });
  const imported: ImportedImage[] = [];
  for (const image of images) imported.push(await recordImage(store, image, taken));
  const kind = scan.form === "folder" ? "folder" : "artifact" in scan ? "artifact" : "archive";
  return { file, kind, images: imported, remoteFiles: await takeFiles(files, { scan, archive, store, signal }) };
}

/** By the member that holds them. */
type Taken = ReadonlyMap<Member, TakenLayer>;

async function takeLayers(
  images: readonly NamedImage[],
  { scan, archive, ...context }: Pick<Context, "store" | "pool" | "signal"> & { scan: FileScan; archive: ArchiveScan },
): Promise<Taken> {
  const { store, signal } = context;
  const taken = new Map<Member, TakenLayer>();
  const wanted = new Map<Member, ImportLayer>();
  for (const layer of images.flatMap(({ image }) => image.layers)) {
    if (taken.has(layer.member) || wanted.has(layer.member)) continue;
    const record = await findTaken(store, layer);
    if (record === undefined) wanted.set(layer.member, layer);
    else taken.set(layer.member, { record, known: true });
  }
  await visitMembers(scan, archive, {
    ...{ wanted: new Set(wanted.keys()), signal },
    async visit(member, content) {
      const where = `${scan.file}: ${archive.prefix}${member.name}`;
      taken.set(member, await takeLayer(store, wanted.get(member)!, { ...context, content, where }));
    },
  });
  return taken;
}

async function recordImage(
  store: Store,
  { image, references, platform }: NamedImage,
  taken: Taken,
): Promise<ImportedImage> {
  const layers = image.layers.map(({ member }) => taken.get(member)!);
  const { config, index } = image;
  await writeBlob(store, config.bytes);
  if (index !== undefined) await writeBlob(store, index.bytes);
  const records = layers.map(({ record }) => record);
  const manifest = image.manifest ?? composeManifest(config.bytes, records, "gzip").manifest;
  await writeBlob(store, manifest.bytes);
  for (const reference of references) {
    await recordReference(store, {
      version: 1,
      ...{ reference, platform },
      ...(index !== undefined && { index: index.descriptor }),
      manifest: manifest.descriptor,
      found: image.platform,
    });
  }
  return {
    ...{ references: [...references], platform },
    manifest: manifest.descriptor.digest,
    config: config.descriptor.digest,
    manifestOrigin: image.manifest === undefined ? "made" : "original",
    layers: layers.map(({ record: { diffId, digest, size }, known }) => ({ diffId, digest, size, known })),
  };
}
