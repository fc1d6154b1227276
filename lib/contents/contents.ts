import { stat } from "node:fs/promises";
import type { Inspection } from "../../spec/inspection.ts";
import type { Digest } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { inStep } from "../events.ts";
import { isFileName } from "../file-name.ts";
import type { FoundImage } from "../inspect/images.ts";
import { type FoundFile, readFinished } from "../inspect/inspect.ts";
import type { Platform } from "../platform.ts";
import { parseReference, type Reference } from "../reference.ts";
import type { SessionOptions } from "../session.ts";
import type { LayerContents } from "../unpack/entry-list.ts";

export type { ContentEntry, LayerContents } from "../unpack/entry-list.ts";

/** What is in a finished file, or in an image that a reference names, down to the files of its layers. */
export interface Contents {
  /** The file or reference as the user gave it. */
  readonly name: string;
  readonly inspection: Inspection;
  /**
   * By diffID. Not there are layers that the file leaves out, those that are not what the config says, and those that
   * are packed in a way that is not read here.
   */
  readonly layers: ReadonlyMap<Digest, LayerContents>;
  /** The images with their configs in full, in the order of the inspection. */
  readonly images: readonly FoundImage[];
  /** Of a file: all that was read of it, for those who prove it. */
  readonly found?: FoundFile;
}

/** How a reference is looked up; a file needs nothing of it but `signal` and `onEvent`. */
export interface ContentsOptions extends SessionOptions {
  /** Of an image for several; default linux/arm64. */
  readonly platform?: Platform;
}

/**
 * Reads a file of the kinds that `inspect` reads, or an image of the store or a registry, which is pulled into the store
 * when it is not there. Each byte is read once, and what is kept of it is limited.
 *
 * A name is taken for a file when there is one, and when it can be nothing else: `./x`, an absolute path, `x.auterionos`.
 *
 * @throws AircrateError as `inspectFile`; unreachable when a name is neither that of a file nor a reference; of
 *   references as a build that pulls them
 */
export async function readContents(name: string, options: ContentsOptions): Promise<Contents> {
  if (isFileName(name) || (await exists(name))) return readFileContents(name, options);
  const { readImageContents } = await import("./reference.ts");
  return readImageContents({ name, reference: referenceOf(name) }, options);
}

async function readFileContents(name: string, { onEvent, signal }: ContentsOptions): Promise<Contents> {
  const found = await inStep(onEvent, { work: "read", name }, () => readFinished(name, { lists: true, signal }));
  const images = found.images?.images ?? [];
  return { name, inspection: found.inspection, layers: layersOf(images), images, found };
}

async function exists(name: string): Promise<boolean> {
  try {
    await stat(name);
    return true;
  } catch (error) {
    // Anything else is for whoever opens it to tell.
    return systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR";
  }
}

function referenceOf(name: string): Reference {
  try {
    return parseReference(name);
  } catch (error) {
    if (!(error instanceof AircrateError)) throw error;
    throw new AircrateError("unreachable", "no such file, and no image reference", {
      where: name,
      reason: error.reason,
      hint: "give it a file, a folder with an image layout, or an image as [REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST]",
      cause: error,
    });
  }
}

/** The lists of the layers that are what their configs say. */
export function layersOf(images: readonly FoundImage[]): Map<Digest, LayerContents> {
  const layers = new Map<Digest, LayerContents>();
  for (const { diffId, member } of images.flatMap((image) => image.layers)) {
    const blob = member?.blob;
    if (diffId === undefined || blob?.diffId !== diffId || blob.layer?.contents === undefined) continue;
    layers.set(diffId, blob.layer.contents);
  }
  return layers;
}
