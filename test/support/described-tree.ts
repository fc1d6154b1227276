import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

/** A file, folder or link as one line, so that trees can be compared and a difference can be read. */
export interface Described {
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  /** Permission bits; those of a symbolic link mean nothing and are left out. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Content of a file, target of a link. */
  readonly content?: string | Uint8Array;
}

export function describe({ path, kind, mode, uid, gid, content = "" }: Described): string {
  const bits = kind === "symlink" ? "link" : mode.toString(8).padStart(4, "0");
  const what =
    kind === "file"
      ? ` ${Buffer.byteLength(content)} bytes ${createHash("sha256").update(content).digest("hex").slice(0, 16)}`
      : kind === "symlink"
        ? ` -> ${content}`
        : "";
  return `${JSON.stringify(path)} ${kind} ${bits} ${uid}:${gid}${what}`;
}

/** All that lies below a folder on disk, parents first. Of the hard links of a file, all but the first refer to that. */
export function describeTree(folder: string): string[] {
  const firsts = new Map<string, string>();
  const visit = (below: string): string[] =>
    readdirSync(join(folder, below))
      .sort()
      .flatMap((name) => {
        const path = below === "" ? name : `${below}/${name}`;
        const file = join(folder, path);
        const stats = lstatSync(file);
        const { uid, gid } = stats;
        const key = `${stats.dev}:${stats.ino}`;
        const first = stats.isFile() ? firsts.get(key) : undefined;
        if (first !== undefined) return [describeHardLink(path, first)];
        firsts.set(key, path);
        const line = describe({ path, mode: stats.mode & 0o7777, uid, gid, ...kindOf(file, stats) });
        return stats.isDirectory() ? [line, ...visit(path)] : [line];
      });
  return visit("");
}

/** A further name of a file. Which one is the first follows from the order of `describeTree`, by UTF-16 code units. */
export function describeHardLink(path: string, first: string): string {
  return `${JSON.stringify(path)} is ${JSON.stringify(first)}`;
}

function kindOf(file: string, stats: Stats): Pick<Described, "kind" | "content"> {
  if (stats.isFile()) return { kind: "file", content: readFileSync(file) };
  if (stats.isDirectory()) return { kind: "directory" };
  if (stats.isSymbolicLink()) return { kind: "symlink", content: readlinkSync(file) };
  throw new Error(`${file} is neither file nor folder nor link`);
}
