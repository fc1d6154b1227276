import { MEDIA } from "../../spec/media-types.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { abortable } from "../abort.ts";
import { type Archive, type ArchiveForm, type ArchiveImage, composeArchive } from "../archive/compose.ts";
import { piecesSize, type Write, writePieces } from "../archive/pieces.ts";
import { plainArchive } from "../archive/splice.ts";
import { writeArchiveFile } from "../archive/write.ts";
import type { Member } from "../inspect/archive.ts";
import type { Platform } from "../platform.ts";
import { openStore, type Store } from "../store/layout.ts";
import { takeLease } from "../store/lease.ts";
import { openScratchStore } from "../store/scratch.ts";
import { createWorkPool, type WorkPoolOptions } from "../workers/pool.ts";
import { writeArchiveFolder } from "./folder.ts";
import { takeLayers } from "./layers.ts";
import { choosePlatform, findNamed, type TaggedImage, taggedImages } from "./names.ts";
import { readSource, type Source } from "./source.ts";

export interface ExportOptions {
  /** Folder of the blob store: a part of it is used while the export lasts. */
  readonly store: string;
  readonly form: ArchiveForm;
  /** The file to write, a folder for the image layout, or whatever takes the bytes. */
  readonly output: string | { readonly folder: string } | Write;
  /** Services or tags: nothing else is exported. Default: all images. */
  readonly services?: readonly string[];
  /** Files that have the layers that a thin one leaves out. */
  readonly with?: readonly string[];
  /** Which image to take where a name has several. Default: linux/arm64, else the first one. */
  readonly platform?: Platform;
  readonly work?: WorkPoolOptions;
  readonly signal?: AbortSignal;
}

/**
 * Writes the images of a finished file in another form, with layers packed. Of an `.auterionos` file that was built here
 * it is, byte for byte, what the build writes in that form; of other files layers that are not packed are packed by our
 * rule, so that the same file always gives the same bytes. Configs stay as they are, and so do OCI manifests that fit.
 *
 * The file is read once to prove it, and once or twice more to take the layers. Meanwhile they lie in a scratch store on the
 * disk of the store: as many bytes as are written, and the largest layer that has to be packed. Nothing of it stays.
 *
 * @returns bytes that were written
 * @throws AircrateError as `readSource`; unreachable: there is no such service or platform, the output cannot be written;
 *   usage: the output folder holds something
 */
export async function exportFile(file: string, options: ExportOptions): Promise<number> {
  const { form, output, services = [], platform, signal } = options;
  const source = await readSource(file, { with: options.with, signal });
  const named = chooseImages(source, { services, platform });
  const near = await openStore(options.store);
  const scratch = await openScratchStore(near);
  const giveBack = await takeLease(near);
  const pool = createWorkPool(options.work);
  const task = async () => {
    const { store } = scratch;
    const layers = named.flatMap(({ image }) => image.layers);
    const taken = await takeLayers(source, layers, { store, pool, signal });
    const images = named.map((one) => archiveImage(one, taken));
    return writeArchive(store, composeArchive(images, form, "gzip"), { output, signal });
  };
  try {
    return await abortable(signal, task, () => void pool.close());
  } finally {
    await pool.close();
    await Promise.all([scratch.remove(), giveBack()]);
  }
}

function chooseImages(
  source: Source,
  { services, platform }: { services: readonly string[]; platform: Platform | undefined },
): TaggedImage[] {
  const named = choosePlatform(taggedImages(source), platform, source.found.inspection.file);
  if (services.length === 0) return named;
  const chosen = new Set(services.map((name) => findNamed(source, named, name)));
  return named.filter((one) => chosen.has(one));
}

function archiveImage({ tag, image }: TaggedImage, taken: ReadonlyMap<Member, LayerRecord>): ArchiveImage {
  const { config, layers, manifest } = image;
  return {
    tags: tag === undefined ? [] : [tag],
    configBytes: config.bytes,
    layers: layers.map(({ member }) => taken.get(member)!),
    // Readers of image layouts find Docker's type by digest alone.
    ...(manifest?.descriptor.mediaType === MEDIA.ociManifest && { manifest }),
  };
}

interface Target {
  readonly output: ExportOptions["output"];
  readonly signal: AbortSignal | undefined;
}

async function writeArchive(store: Store, archive: Archive, { output, signal }: Target): Promise<number> {
  if (typeof output === "object") return writeArchiveFolder(store, archive, { folder: output.folder, signal });
  if (typeof output === "string") return writeArchiveFile(store, archive, output, { signal });
  const pieces = plainArchive(archive);
  await writePieces(store, pieces, { write: output, signal });
  return piecesSize(pieces);
}
