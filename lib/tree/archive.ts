import path from "node:path";
import { CAPABILITY_XATTR } from "../capabilities.ts";
import { AircrateError, systemCode } from "../error.ts";
import type { ContentFault } from "../unpack/check.ts";
import type { Extracted, ExtractedEntry } from "../unpack/extract.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { TreeItem } from "./source.ts";

export interface OpenArchiveOptions {
  /** The archive as the user knows it, for errors. */
  readonly name: string;
  /** `file:line`, for errors. */
  readonly where: string;
  /** A file for what has to be unpacked, which is not there yet. Contents are read from it as long as the items are used. */
  readonly spool: string;
  /** Largest plain size that is accepted, in bytes. */
  readonly maxPlainSize: number;
}

/**
 * The members of a local tar file, plain or packed with gzip, zstd or xz, in the order in which `tar -x` would put them
 * below a folder: later ones replace earlier ones. Owners and modes are those of the archive. Of extended attributes only
 * capabilities are kept, as by container engines.
 *
 * @throws AircrateError input: it cannot be read or unpacked, or holds what a layer cannot
 */
export async function openArchive(
  pool: WorkPool,
  file: string,
  { name, where, spool, maxPlainSize }: OpenArchiveOptions,
): Promise<readonly TreeItem[]> {
  const extraction = await pool.run({ kind: "extract", file, spool, maxPlainSize }).catch((error: unknown) => {
    if (systemCode(error) === undefined) throw error;
    throw new AircrateError("input", `${name} cannot be unpacked`, {
      where,
      reason: (error as Error).message,
      cause: error,
    });
  });
  if ("fault" in extraction) throw faultError(extraction, name, where);
  return itemsOf(extraction, name, where);
}

function itemsOf(archive: Extracted, name: string, where: string): TreeItem[] {
  const names = new Map<number, number>();
  for (const { inode } of archive.entries) names.set(inode, (names.get(inode) ?? 0) + 1);
  const items: TreeItem[] = [];
  for (const entry of archive.entries) {
    const { type, mode, uid, gid, size, link } = entry;
    if (type === "device" || type === "fifo") throw specialError(entry, name, where);
    const item = { path: entry.path, real: entry.path, mode, uid, gid };
    if (type === "directory") items.push({ ...item, kind: type, ...capabilityOf(entry) });
    else if (type === "symlink") items.push({ ...item, kind: type, target: link });
    else {
      items.push({
        ...{ ...item, kind: "file" },
        ...capabilityOf(entry),
        ...(size > 0 && { content: contentOf(entry, archive) }),
        // Several archives may be copied at once.
        ...(names.get(entry.inode)! > 1 && { inode: `${archive.file}:${entry.inode}` }),
      });
    }
  }
  return items;
}

function contentOf({ offset, size }: ExtractedEntry, { file, mtimeMs }: Extracted): TreeItem["content"] {
  return { file, offset, size, ...(mtimeMs !== undefined && { mtimeMs }) };
}

function capabilityOf({ xattrs }: ExtractedEntry): Pick<TreeItem, "xattrs"> {
  const value = xattrs?.get(CAPABILITY_XATTR);
  return value === undefined ? {} : { xattrs: new Map([[CAPABILITY_XATTR, value]]) };
}

function specialError({ type, path: member }: ExtractedEntry, name: string, where: string): AircrateError {
  return new AircrateError("input", `${name} holds ${type === "fifo" ? "a named pipe" : "a device"}`, {
    where,
    reason: `its path is ${member}; a layer holds files, folders and links only`,
    hint: `pack it anew without that: tar --exclude=${member}`,
  });
}

function faultError({ fault, reason, packedWith }: ContentFault, name: string, where: string): AircrateError {
  if (fault === "too large") {
    return new AircrateError("input", `${name} unpacks to more than is allowed`, {
      where,
      reason,
      hint: "if you trust the archive, allow more with --max-layer-size SIZE",
    });
  }
  const base = path.posix.basename(name);
  const anew = `${packedWith} -dc ${base} | gzip -n > ${base.replace(/\.[^.]*$/, "")}.gz`;
  return new AircrateError("input", `${name} cannot be unpacked`, {
    where,
    reason,
    ...(packedWith !== undefined && { hint: [`pack it anew: ${anew}`, "or COPY it as it is"] }),
  });
}
