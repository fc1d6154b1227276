import { stat } from "node:fs/promises";
import path from "node:path";
import { abortable } from "../abort.ts";
import type { Write } from "../archive/pieces.ts";
import { AircrateError } from "../error.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { openStore } from "../store/layout.ts";
import { createScratch } from "../store/scratch.ts";
import { type ContentReader, createContentReader, type FullItem } from "./content.ts";
import { finishFile, type PlaceOptions, writeFolder } from "./folder.ts";
import { findPath, type ImageOptions, type OpenedImage, openImage } from "./image.ts";
import { type Item, type LeftOut, listItems } from "./items.ts";
import { requireNothing } from "./place.ts";
import { type TakeOptions, takeEntries } from "./take.ts";
import { writeTar } from "./tar.ts";

export interface ExtractOptions extends ImageOptions, Partial<PlaceOptions> {
  /** Folder of the blob store: its disk holds what has to be unpacked while it is taken out. */
  readonly store: string;
  /** In the image. Links are followed inside of it. */
  readonly path: string;
  /**
   * A file, a folder, a name that ends in `.tar` for a folder as a tar file, or whatever takes the bytes, a folder as a
   * tar file. In a folder that is there, or with a slash at the end, it gets the name that it has in `path`.
   */
  readonly output: string | Write;
}

export interface Extraction {
  /** What was written; absent when `output` took it. */
  readonly output?: string;
  readonly files: number;
  /** Bytes of all files. */
  readonly size: number;
  /** What the image has and no file can be: paths are those of the image. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Takes a file or folder out of an image of a finished file, as a container would see it: all layers applied. Nothing is
 * written outside of the output. Files get permissions and times of the image; owners and set-id bits only when that is
 * asked for. Of a single file, and of a folder that is new, all is written or nothing.
 *
 * The file is read twice, and of what is packed only what is taken is unpacked to disk.
 *
 * @throws AircrateError as `openImage`; unreachable: there is no such path, the output cannot be written; usage: a file is
 *   in the way; input: a device, or names that this disk cannot have; the reason of the signal
 */
export function extractPath(file: string, options: ExtractOptions): Promise<Extraction> {
  return abortable(options.signal, () => extract(file, options));
}

async function extract(file: string, options: ExtractOptions): Promise<Extraction> {
  const { path: wanted, signal } = options;
  const opened = await openImage(file, options);
  const node = findPath(opened, wanted);
  const target = await targetOf(options, node.kind === "directory");
  const { items: found, leftOut } = listItems(node, opened.tree);
  if (found.length === 0) {
    throw new AircrateError("input", `it is ${leftOut[0]!.why}`, { where: `${opened.name}: ${wanted}` });
  }
  const scratch = createScratch(await openStore(options.store));
  const reader = createContentReader(signal);
  try {
    const items = await completeItems(opened, found, { spool: scratch.file(), signal });
    await writeItems(items, {
      ...target,
      reader,
      force: options.force === true,
      sameOwner: options.sameOwner === true,
    });
  } finally {
    await reader.close();
    await scratch.clean();
  }
  const files = found.filter(({ kind }) => kind === "file");
  return {
    ...(typeof target.output === "string" && { output: target.output }),
    ...{ files: files.length, size: files.reduce((sum, { size }) => sum + size, 0) },
    leftOut: leftOut.map(({ path: below, why }) => ({ path: path.posix.join("/", wanted, below), why })),
  };
}

/** The name that a path has outside; empty, as of `/app/.` and of `/`, for what is in the folder alone. */
export function nameOf(wanted: string): string {
  return wanted.endsWith("/.") ? "" : path.posix.basename(path.posix.normalize(`/${wanted}`));
}

interface Target {
  readonly form: "file" | "folder" | "tar";
  readonly output: string | Write;
  /** Name of what is taken. */
  readonly name: string;
}

/** @throws AircrateError usage when a file is in the way */
async function targetOf(options: ExtractOptions, isFolder: boolean): Promise<Target> {
  const { output, force } = options;
  const name = nameOf(options.path);
  if (typeof output === "function") return { form: isFolder ? "tar" : "file", output, name };
  const named = output.endsWith("/") || output.endsWith(path.sep);
  const within = named || (await stat(output).catch(() => undefined))?.isDirectory() === true;
  if (isFolder && (within || !output.endsWith(".tar"))) {
    return { form: "folder", output: within ? path.join(output, name) : output, name };
  }
  const file = within ? path.join(output, name) : output;
  if (force !== true) await requireNothing(file);
  return { form: isFolder ? "tar" : "file", output: file, name };
}

async function completeItems(opened: OpenedImage, items: readonly Item[], options: TakeOptions): Promise<FullItem[]> {
  const origins = items.flatMap(({ origin }) => origin ?? []);
  const taken = await takeEntries(opened, new Set(origins), options);
  return items.map((item) => {
    const known = item.origin && taken.get(item.origin);
    return known === undefined ? item : { ...item, taken: known };
  });
}

async function writeItems(
  items: readonly FullItem[],
  { form, output, name, reader, ...place }: Target & PlaceOptions & { reader: ContentReader },
): Promise<void> {
  const [first] = items as readonly [FullItem];
  const writeTo = (write: Write) =>
    form === "tar" ? writeTar(items, { top: name, reader, write }) : reader.read(first, write);
  if (typeof output === "function") await writeTo(output);
  else if (form === "folder") await writeFolder(output, items, { ...place, reader });
  else {
    await writeOutput(output, async (handle) => {
      const writer = createPositionalWriter(handle, 0);
      await writeTo(writer.write);
      await writer.flush();
      if (form === "file") finishFile(handle.fd, first, place);
    });
  }
}
