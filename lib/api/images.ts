import type { LocalBuildReport, PullReport } from "../../spec/local-reports.ts";
import type { PushReport } from "../../spec/push-report.ts";
import type { ImportReport, PruneReport } from "../../spec/store-reports.ts";
import { abortable } from "../abort.ts";
import {
  type AccessSettings,
  imageOptions,
  type MakingSettings,
  readPlatform,
  type StoreSettings,
  sessionOptions,
  storeOf,
} from "./settings.ts";

export interface PullOptions extends AccessSettings {
  /** Default `linux/arm64`. */
  readonly platform?: string;
  /** Largest plain size of a layer, in bytes; default 64 GiB. */
  readonly maxLayerSize?: number;
}

export interface BuildImageOptions extends MakingSettings {
  /** Names that the image gets, as `NAME:TAG`; at least one. */
  readonly tags: readonly string[];
  /** Default: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  /** Default `linux/arm64`. */
  readonly platform?: string;
  /** Values for `ARG`. */
  readonly args?: Readonly<Record<string, string>>;
  /** Stage to build; default: the last one. */
  readonly target?: string;
}

export interface ImportOptions extends StoreSettings {
  /** Reference for the image, instead of the names in the file. */
  readonly as?: string;
}

export interface SaveOptions extends StoreSettings {
  /** File to write, or what takes the bytes; a promise that it returns is waited for. */
  readonly output: string | ((bytes: Uint8Array) => unknown);
  /** Which image to take of a name that has several; default: `linux/arm64`, else the first one. */
  readonly platform?: string;
}

export interface PushOptions extends Omit<AccessSettings, "mirrors"> {
  /** Files that have the layers that a thin one leaves out. */
  readonly with?: readonly string[];
  /** Which image to take of a name that has several; default: `linux/arm64`, else the first one. */
  readonly platform?: string;
}

export interface PruneOptions extends StoreSettings {
  /** Milliseconds: removes also what was not used for that long. */
  readonly olderThan?: number;
  /** Bytes: removes also what was used least recently, until the rest fits. */
  readonly maxSize?: number;
  /** Lock files: removes also the images that none of them names. */
  readonly keepLocks?: readonly string[];
  /** Tells what would go and removes nothing. */
  readonly dryRun?: boolean;
}

/**
 * Gets images into the store, each blob checked and once, so that builds find them offline.
 *
 * @param references as in a Dockerfile: `arm64v8/python:3.12-slim`, `registry.example.com:5000/base@sha256:…`
 * @throws AircrateError unreachable, forbidden, integrity, input, usage
 */
export function pull(references: readonly string[], options: PullOptions = {}): Promise<PullReport> {
  return abortable(options.signal, async () => {
    const { pullImages } = await import("../local/pull.ts");
    const { platform, maxLayerSize } = options;
    return pullImages(references, {
      ...(await sessionOptions(options)),
      ...(platform !== undefined && { platform: await readPlatform(platform) }),
      ...(maxLayerSize !== undefined && { maxLayerSize }),
    });
  });
}

/**
 * Makes the image of a Dockerfile and gives it tags in the store, where projects and {@link save} find it.
 *
 * @param context folder that the Dockerfile copies from
 * @throws AircrateError of every fault
 */
export function buildImage(context: string, options: BuildImageOptions): Promise<LocalBuildReport> {
  return abortable(options.signal, async () => {
    const { buildLocalImage } = await import("../local/build.ts");
    const { tags, dockerfile, platform = "linux/arm64", args = {}, target } = options;
    return buildLocalImage({
      ...{ ...(await imageOptions(options)), context, tags },
      ...{ platform: await readPlatform(platform), args: new Map(Object.entries(args)) },
      ...(dockerfile !== undefined && { dockerfile }),
      ...(target !== undefined && { target }),
    });
  });
}

/**
 * Takes the images of docker-archives, OCI image layouts and `.auterionos` files into the store, so that builds find them
 * offline. A file that is wrong adds nothing.
 *
 * @throws AircrateError unreachable, input, integrity
 */
export function importFiles(files: readonly string[], options: ImportOptions = {}): Promise<ImportReport> {
  return abortable(options.signal, async () => {
    const { importFiles } = await import("../import/import.ts");
    return importFiles(files, { ...options, store: storeOf(options) });
  });
}

/**
 * Writes images of the store, pulled and built, into one docker-archive with plain layers. Same images, same bytes.
 *
 * @returns bytes that were written
 * @throws AircrateError unreachable, integrity, input
 */
export function save(names: readonly string[], options: SaveOptions): Promise<number> {
  return abortable(options.signal, async () => {
    const { saveImages } = await import("../local/save.ts");
    const { formatPlatform } = await import("../platform.ts");
    const { output, platform, signal } = options;
    return saveImages(await openedStore(options), names, {
      output: typeof output === "string" ? output : async (bytes) => void (await output(bytes)),
      ...(signal && { signal }),
      ...(platform !== undefined && { platform: formatPlatform(await readPlatform(platform)) }),
    });
  });
}

/**
 * Pushes an image of the store, or the images of a finished file, to registries. What is there is not sent.
 *
 * @param source name of an image, as `NAME:TAG`, or a file
 * @param references where it goes: of an image as `REGISTRY/REPOSITORY:TAG`, none for its own name; of a file one
 *   `REGISTRY/NAMESPACE`, below which the images keep their names
 * @throws AircrateError unreachable, forbidden, integrity, input, usage
 */
export function push(source: string, references: readonly string[], options: PushOptions = {}): Promise<PushReport> {
  return abortable(options.signal, async () => {
    const { pushImages } = await import("../push/push.ts");
    const { with: others, platform } = options;
    return pushImages(source, {
      ...{ ...(await sessionOptions(options)), references },
      ...(others && { with: others }),
      ...(platform !== undefined && { platform: await readPlatform(platform) }),
    });
  });
}

/** Removes from the store what nobody can use, and what the options say. It may run beside builds. @throws AircrateError */
export function prune(options: PruneOptions = {}): Promise<PruneReport> {
  return abortable(options.signal, async () => {
    const { pruneStore } = await import("../store/prune.ts");
    const { readLocked } = await import("../lock/locked.ts");
    const { keepLocks = [] } = options;
    const locked = keepLocks.length === 0 ? undefined : await readLocked(keepLocks);
    return pruneStore(await openedStore(options), { ...options, ...(locked && { locked }) });
  });
}

async function openedStore(settings: StoreSettings) {
  const { findStore } = await import("../store/survey.ts");
  return findStore(storeOf(settings));
}
