import type { LayerRecord } from "../../spec/store.ts";
import { AircrateError, systemCode } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import type { Scratch } from "../store/scratch.ts";
import { shareSegments } from "../tar/shared.ts";
import type { Extracted, ExtractedEntry } from "../unpack/extract.ts";
import { digestStream } from "../workers/digest.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { FullNode, Take } from "./materials.ts";

/**
 * Takes files out of layers in the store: what is taken, and nothing else, is unpacked to disk.
 *
 * @throws AircrateError, from what it gives: integrity when the blob is damaged, input for what layers here cannot hold,
 *   unreachable when the blob cannot be read
 */
export function createTake(store: Store, pool: WorkPool, scratch: Scratch, onEvent: OnEvent): Take {
  return async (layer, paths) => {
    try {
      const file = blobFile(store, layer.digest);
      const limits = { maxPlainSize: layer.plainSize, crc: layer.crc };
      const extraction = await inStep(onEvent, { work: "unpack", name: layer.digest }, () =>
        pool.run({ kind: "extract", file, wanted: paths, spool: scratch.file(), ...limits }),
      );
      if ("fault" in extraction) throw await takeFault(extraction.reason, layer, { store, pool });
      const nodes = nodesOf(extraction, layer);
      const lacking = paths.find((path) => !nodes.has(path));
      if (lacking === undefined) return nodes;
      throw await takeFault(`/${lacking} is not in it as a file or a link`, layer, { store, pool });
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      throw new AircrateError("unreachable", "a layer cannot be read or unpacked", {
        where: layer.digest,
        reason: (error as Error).message,
        hint: "build again: what is missing is fetched or packed anew",
        cause: error,
      });
    }
  };
}

/** A blob may be all that its digest promises, and still hold what cannot be taken out of it. */
async function takeFault(
  reason: string,
  { digest, size }: LayerRecord,
  { store, pool }: { store: Store; pool: WorkPool },
): Promise<AircrateError> {
  const stream = shareSegments([{ file: blobFile(store, digest), offset: 0, size }]);
  const { sha256 } = await digestStream(pool, stream);
  if (`sha256:${sha256}` !== digest) return damagedBlob(store, digest, "build again");
  return new AircrateError("input", "files cannot be taken out of a layer of the image", {
    where: digest,
    reason,
    hint: "copy the files beside it by their names",
  });
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
