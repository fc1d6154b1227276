import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AircrateError } from "../error.ts";
import { readSmallFile } from "../yaml/file.ts";
import { folderInProject } from "./files.ts";

const BLOCK = 512;
/** Python's tarfile pads to this. */
const RECORD = 20 * BLOCK;
const MAX_NAME = 100;
const MAX_FILE = 1024 * 1024;
const MAX_FILES = 5_000;

/** An entry of `logging.msg-paths`: a folder that holds `msg/*.msg`, and the file and line that name it. */
export interface MessagePath {
  readonly path: string;
  readonly where: string;
}

export interface MessageOptions {
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly paths: readonly MessagePath[];
  /** Seconds since 1970, the time of every entry. */
  readonly epoch: number;
}

/**
 * `logging-msg-files.tar`: the ROS 2 messages `<path>/msg/*.msg` of each path as `<last part of path>/msg/*.msg`. The
 * layout is that of Python's tarfile in its GNU form, which the device has been given so far: an entry for the root and
 * for each folder, blocks of 10,240 bytes. Names are sorted by their bytes.
 *
 * @returns undefined when no path has a message
 * @throws AircrateError input: a path without `msg` folder, outside the project, or two messages of one name
 */
export async function messagesTar(options: MessageOptions): Promise<Uint8Array | undefined> {
  const files = new Map<string, Uint8Array>();
  for (const path of options.paths) await collect(path, files, options.directory);
  if (files.size === 0) return undefined;
  const folders = new Set(
    [...files.keys()].flatMap((name) => [name.split("/")[0]!, name.slice(0, name.lastIndexOf("/"))]),
  );
  const entries = [
    // The root's name is empty; like every folder's it gets a slash.
    { name: "/", content: undefined },
    ...[...folders].map((name) => ({ name: `${name}/`, content: undefined })),
    ...[...files].map(([name, content]) => ({ name, content })),
  ].sort((a, b) => Buffer.compare(sortKey(a.name), sortKey(b.name)));
  const blocks = entries.flatMap(({ name, content }) =>
    content === undefined
      ? [header({ name, size: 0, directory: true, mtime: options.epoch })]
      : [header({ name, size: content.length, directory: false, mtime: options.epoch }), padded(content, BLOCK)],
  );
  return padded(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), RECORD);
}

/** Part by part: what lies in a folder follows it directly, whatever else begins with its name. */
function sortKey(name: string): Buffer {
  return Buffer.from(name.replaceAll("/", "\0"), "utf8");
}

async function collect({ path, where }: MessagePath, files: Map<string, Uint8Array>, directory: string): Promise<void> {
  const trimmed = path.replace(/\/+$/, "");
  const packageName = trimmed.slice(trimmed.lastIndexOf("/") + 1);
  const fail = (reason: string): never => {
    throw new AircrateError("input", `msg-paths: \`${path}\` cannot be used`, { where, reason });
  };
  if (["", ".", ".."].includes(packageName)) fail("its last part has to name the package of the messages");
  const folder = await folderInProject(directory, join(trimmed, "msg"));
  if ("refused" in folder) return fail(`its folder \`msg\` ${folder.refused}`);
  const names = (await readdir(folder.path)).filter((name) => name.endsWith(".msg") && !name.startsWith("."));
  for (const message of names) {
    const name = `${packageName}/msg/${message}`;
    if (Buffer.byteLength(name) > MAX_NAME) fail(`\`${name}\` is longer than ${MAX_NAME} bytes`);
    if (files.has(name)) fail(`\`${name}\` occurs twice`);
    if (files.size >= MAX_FILES) fail(`there are more than ${MAX_FILES} messages`);
    const shown = join(trimmed, "msg", message);
    files.set(name, await readSmallFile(join(folder.path, message), { name: shown, limit: MAX_FILE }));
  }
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly directory: boolean;
  readonly mtime: number;
}

/** A header in the GNU form of the format (GNU tar manual, "Basic Tar Format"). */
function header({ name, size, directory, mtime }: Entry): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, offset, "latin1");
  block.write(name, 0, "utf8");
  octal(directory ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(directory ? "5" : "0", 156, "latin1");
  block.write("ustar  \0", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function padded(bytes: Uint8Array, unit: number): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);
}
