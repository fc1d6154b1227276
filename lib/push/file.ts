import type { LayerRecord } from "../../spec/store.ts";
import { composeManifest } from "../archive/manifest.ts";
import { inStep, type OnEvent } from "../events.ts";
import { takeLayers } from "../export/layers.ts";
import { choosePlatform, type TaggedImage, taggedImages } from "../export/names.ts";
import { readSource } from "../export/source.ts";
import type { Member } from "../inspect/archive.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { type Store, writeBlob } from "../store/layout.ts";
import type { WorkPool } from "../workers/pool.ts";
import { blobsOf, type PushImage } from "./image.ts";

export interface FileOptions {
  /** Gets the blobs. */
  readonly store: Store;
  readonly pool: WorkPool;
  readonly platform?: Platform | undefined;
  /** Files that have the layers that a thin one leaves out. */
  readonly with: readonly string[];
  readonly onEvent?: OnEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The images of a finished file, taken as `exportFile` takes them: in the very bytes of their registry where the file was
 * joined of them, so that a registry that has those need not get them again.
 *
 * @throws AircrateError as `exportFile`
 */
export async function loadFile(file: string, options: FileOptions): Promise<PushImage[]> {
  const { store, pool, platform, onEvent, signal } = options;
  const source = await inStep(onEvent, { work: "read", name: file }, () =>
    readSource(file, { with: options.with, signal }),
  );
  const named = choosePlatform(taggedImages(source), platform, file);
  const layers = named.flatMap(({ image }) => image.layers);
  const taken = await inStep(onEvent, { work: "unpack", name: file }, () =>
    takeLayers(source, layers, { store, pool, signal }),
  );
  const images: PushImage[] = [];
  for (const one of named) images.push(await loadImage(store, one, taken));
  return images;
}

async function loadImage(
  store: Store,
  { tag, image }: TaggedImage,
  taken: ReadonlyMap<Member, LayerRecord>,
): Promise<PushImage> {
  const { config, manifest, platform } = image;
  await writeBlob(store, config.bytes);
  const records = image.layers.map(({ member }) => taken.get(member)!);
  const made = composeManifest(config.bytes, records, "gzip");
  return {
    ...(tag !== undefined && { name: tag }),
    platform: formatPlatform(platform),
    manifest: manifest ?? made.manifest,
    manifestOrigin: manifest === undefined ? "made" : "original",
    blobs: blobsOf(made.config.descriptor, made.layers),
  };
}
