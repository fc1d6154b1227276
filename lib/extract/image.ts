import { AircrateError } from "../error.ts";
import { choosePlatform, findNamed, knownNames, namesText, type TaggedImage, taggedImages } from "../export/names.ts";
import { readSource, type Source, type SourceOptions } from "../export/source.ts";
import type { RootNode } from "../image/node.ts";
import type { ImportImage } from "../import/select.ts";
import type { Platform } from "../platform.ts";
import { TarFormatError } from "../tar/parser.ts";
import type { LayerContents } from "../unpack/entry-list.ts";
import { type MergedTree, mergeLayers } from "./merge.ts";

export interface ImageOptions extends Omit<SourceOptions, "lists"> {
  /** Service or tag; not needed when the file holds one image. */
  readonly service?: string | undefined;
  /** Which image to take where a name has several. Default: linux/arm64, else the first one. */
  readonly platform?: Platform | undefined;
}

/** An image of a file, with the tree that its layers come to. */
export interface OpenedImage {
  readonly source: Source;
  readonly image: ImportImage;
  readonly tree: MergedTree;
  /** For messages: the service or the file. */
  readonly name: string;
}

/** @throws AircrateError as `readSource`; unreachable: there is no such service; usage: there are several images */
export async function openImage(file: string, { service, platform, ...how }: ImageOptions): Promise<OpenedImage> {
  const source = await readSource(file, { ...how, lists: true });
  const named = choosePlatform(taggedImages(source), platform, file);
  const { image } = service === undefined ? onlyImage(named, source) : findNamed(source, named, service);
  return { source, image, tree: treeOf(image, file), name: service ?? file };
}

function onlyImage(named: readonly TaggedImage[], source: Source): TaggedImage {
  const images = new Set(named.map(({ image }) => image));
  if (images.size === 1) return named[0]!;
  throw new AircrateError("usage", `the file holds ${images.size} images: name one`, {
    where: source.found.inspection.file,
    reason: namesText(knownNames(source, named)),
  });
}

function treeOf(image: ImportImage, file: string): MergedTree {
  try {
    return mergeLayers(image.layers.map(({ member }) => listOf(member.blob?.layer?.contents, file)));
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw error;
    throw damaged(file, error.message);
  }
}

function listOf(contents: LayerContents | undefined, file: string): LayerContents {
  if (contents === undefined || contents.truncated) {
    throw new AircrateError("input", "it holds so many files that they cannot be listed", { where: file });
  }
  if (contents.fault !== undefined) throw damaged(file, contents.fault);
  return contents;
}

function damaged(where: string, reason: string): AircrateError {
  return new AircrateError("integrity", "a layer is damaged", { where, reason });
}

/**
 * What lies at a path of the image, every link on the way followed inside of it, the last one too.
 *
 * @throws AircrateError unreachable: there is nothing; input: links run in a circle
 */
export function findPath({ tree: { root }, name }: OpenedImage, path: string): RootNode {
  const where = `${name}: ${path}`;
  let real: string;
  try {
    real = root.resolve(path);
  } catch (error) {
    throw new AircrateError("input", "links run in a circle", { where, cause: error });
  }
  const node = root.find(real);
  if (node !== undefined) return node;
  throw new AircrateError("unreachable", "there is no such file or folder in the image", {
    where,
    ...(real !== path.replace(/^\/+|\/+$/g, "") && { reason: `it leads to /${real}` }),
    hint: "--list shows what is in a folder",
  });
}
