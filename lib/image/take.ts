import type { LayerRecord } from "../../spec/store.ts";
import { AircrateError } from "../error.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import type { Scratch } from "../store/scratch.ts";
import type { Extracted, ExtractedEntry } from "../unpack/extract.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { FullNode, Take } from "./materials.ts";

/**
 * Takes files out of layers in the store: what is taken, and nothing else, is unpacked to disk.
 *
 * @throws AircrateError, from what it gives: integrity when the blob is damaged, input for what layers here cannot hold
 */
export function createTake(store: Store, pool: WorkPool, scratch: Scratch): Take {
  return async (layer, paths) => {
    const file = blobFile(store, layer.digest);
    const extraction = await pool.run({
      ...{ kind: "extract", file, wanted: paths, spool: scratch.file(), maxPlainSize: layer.plainSize, crc: layer.crc },
    });
    // It was looked through when it came.
    if ("fault" in extraction) throw await damagedBlob(store, layer.digest, "build again");
    const nodes = nodesOf(extraction, layer);
    if (paths.every((path) => nodes.has(path))) return nodes;
    throw await damagedBlob(store, layer.digest, "build again");
  };
}

function nodesOf({ file, entries }: Extracted, layer: LayerRecord): ReadonlyMap<string, FullNode> {
  const nodes = new Map<string, FullNode>();
  const inodes = new Map<number, FullNode>();
  for (const entry of entries) {
    const node = inodes.get(entry.inode) ?? nodeOf(entry, file, layer);
    if (node === undefined) continue;
    inodes.set(entry.inode, node);
    nodes.set(entry.path, node);
  }
  return nodes;
}

function nodeOf(entry: ExtractedEntry, file: string, layer: LayerRecord): FullNode | undefined {
  const { path, type, mode, uid, gid, size, link, xattrs, offset } = entry;
  switch (type) {
    case "symlink":
      return { kind: "symlink", target: link, uid, gid };
    case "file":
    case "hardlink":
      return {
        ...{ kind: "file", mode, uid, gid },
        ...(xattrs !== undefined && { xattrs }),
        ...(size > 0 && { content: { file, offset, size } }),
      };
    case "device":
    case "fifo":
      throw new AircrateError("input", `/${path} of the image is ${type === "fifo" ? "a named pipe" : "a device"}`, {
        where: layer.digest,
        reason: "a layer that is made here holds files, folders and links only",
        hint: "copy the files beside it by their names",
      });
    case "directory":
      return undefined;
  }
}
