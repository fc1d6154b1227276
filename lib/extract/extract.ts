import { lstat, stat } from "node:fs/promises";
import path from "node:path";
import type { Write } from "../archive/pieces.ts";
import { AircrateError } from "../error.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { openStore } from "../store/layout.ts";
import { createScratch } from "../store/scratch.ts";
import { finishFile, inTheWay, type PlaceOptions, writeFolder } from "./folder.ts";
import { findPath, type ImageOptions, type OpenedImage, openImage } from "./image.ts";
import { type Item, type LeftOut, listItems } from "./items.ts";
import { type TakeOptions, takeEntries } from "./take.ts";
import { type FullItem, writeContent, writeTar } from "./write.ts";

export interface ExtractOptions extends ImageOptions, Partial<Omit<PlaceOptions, "signal">> {
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
 *   in the way; input: a device, or names that this disk cannot have
 */
export async function extractPath(file: string, options: ExtractOptions): Promise<Extraction> {
  const { path: wanted, output, signal } = options;
  const place: PlaceOptions = { force: options.force === true, sameOwner: options.sameOwner === true, signal };
  const opened = await openImage(file, options);
  const node = findPath(opened, wanted);
  const isFolder = node.kind === "directory";
  const name = nameOf(wanted);
  const target =
    typeof output === "string" ? await targetOf(output, { name, isFolder, force: place.force }) : undefined;
  const { items: found, leftOut: unfit } = listItems(node, opened.tree);
  const leftOut = unfit.map(({ path: below, why }) => ({ path: path.posix.join("/", wanted, below), why }));
  if (found.length === 0)
    throw new AircrateError("input", `it is ${unfit[0]!.why}`, { where: `${opened.name}: ${wanted}` });
  const scratch = createScratch(await openStore(options.store));
  try {
    const items = await completeItems(opened, found, { spool: scratch.file(), signal });
    const top = name === "." ? "" : name;
    if (typeof output === "function") {
      if (isFolder) await writeTar(items, { top, write: output, signal });
      else await writeContent(items[0]!, output, signal);
    } else if (target!.form === "folder") await writeFolder(target!.file, items, place);
    else {
      await writeOutput(target!.file, async (handle) => {
        const { write, flush } = createPositionalWriter(handle, 0);
        const settled = async (bytes: Uint8Array) => write(bytes);
        if (isFolder) await writeTar(items, { top, write: settled, signal });
        else await writeContent(items[0]!, settled, signal);
        await flush();
        if (!isFolder) await finishFile(handle, items[0]!, place);
      });
    }
    const files = items.filter(({ kind }) => kind === "file");
    return {
      ...(target !== undefined && { output: target.file }),
      ...{ files: files.length, size: files.reduce((sum, { size }) => sum + size, 0), leftOut },
    };
  } finally {
    await scratch.clean();
  }
}

/** The name that a path has outside; `.`, as of `/app/.` and of `/`, for what is in the folder alone. */
export function nameOf(wanted: string): string {
  if (wanted.endsWith("/.")) return ".";
  return path.posix.basename(path.posix.normalize(`/${wanted}`)) || ".";
}

async function completeItems(opened: OpenedImage, items: readonly Item[], options: TakeOptions): Promise<FullItem[]> {
  const origins = items.flatMap(({ origin }) => origin ?? []);
  const taken = await takeEntries(opened, new Set(origins), options);
  return items.map((item) => {
    const known = item.origin && taken.get(item.origin);
    return known === undefined ? item : { ...item, taken: known };
  });
}

interface Target {
  readonly form: "file" | "folder";
  readonly file: string;
}

/** @throws AircrateError usage: a file is in the way, or nobody said where the root of the image is to go */
async function targetOf(
  output: string,
  { name, isFolder, force }: { name: string; isFolder: boolean; force: boolean },
): Promise<Target> {
  const named = output.endsWith("/") || output.endsWith(path.sep);
  const within = named || (await stat(output).catch(() => undefined))?.isDirectory() === true;
  const file = within ? path.join(output, name) : output;
  const form = isFolder && (within || !output.endsWith(".tar")) ? "folder" : "file";
  if (form === "file" && !force && (await lstat(file).catch(() => undefined)) !== undefined) throw inTheWay(file);
  return { form, file };
}
