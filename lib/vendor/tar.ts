import type { FileHandle } from "node:fs/promises";
import { AircrateError } from "../error.ts";
import { BLOCK } from "../tar/header.ts";
import { createTarParser, TarFormatError } from "../tar/parser.ts";
import { CHUNK, type LayoutFiles } from "./files.ts";

interface Member {
  readonly start: number;
  readonly size: number;
}

/** More members than any layout has: the list of them is held in memory. */
const MAX_MEMBERS = 100_000;

/**
 * An image layout in a tar file, read in place: the headers are read once, and contents from where they lie. Only names
 * as the layout has them count, so that no path can lead elsewhere; links count as nothing.
 *
 * @param name of the file, for errors
 * @throws AircrateError integrity: it ends in the middle, headers cannot be read, or a name stands for two contents
 */
export async function tarFiles(handle: FileHandle, name: string): Promise<LayoutFiles> {
  const members = await listMembers(handle, name);
  return {
    size: async (path) => members.get(path)?.size,
    read: (path, from) => readRange(handle, members.get(path)!, { from, name }),
    close: () => handle.close(),
  };
}

async function listMembers(handle: FileHandle, name: string): Promise<ReadonlyMap<string, Member>> {
  const { size: end } = await handle.stat();
  const members = new Map<string, Member>();
  const parser = createTarParser();
  const block = Buffer.alloc(BLOCK);
  let count = 0;
  try {
    for (let at = 0; at < end; ) {
      const { bytesRead } = await handle.read(block, 0, BLOCK, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      for (const event of parser.feed(block.subarray(0, bytesRead))) {
        if (event.kind !== "entry") continue;
        count += 1;
        if (count > MAX_MEMBERS) throw new TarFormatError(`it has more than ${MAX_MEMBERS} members`);
        const { path, type, size } = event.entry;
        if (at + size > end) throw new TarFormatError(`it ends in the middle of ${path}`);
        if (type === "file") addMember(members, path.replace(/^(?:\.\/+)+/, ""), { start: at, size });
      }
      // The end, whatever stands behind it; within a long name, `finish` finds it cut off.
      if (block.every((byte) => byte === 0)) break;
      at += parser.skip();
    }
    parser.finish();
  } catch (error) {
    if (!(error instanceof TarFormatError)) throw error;
    throw new AircrateError("integrity", "the tar file is damaged", {
      where: name,
      reason: error.message,
      cause: error,
    });
  }
  return members;
}

/** As when it is unpacked, the later one of two blobs counts; its digest tells whether it is right. */
function addMember(members: Map<string, Member>, path: string, member: Member): void {
  if (members.has(path) && !path.startsWith("blobs/")) throw new TarFormatError(`${path} occurs twice`);
  members.set(path, member);
}

async function* readRange(
  handle: FileHandle,
  { start, size }: Member,
  { from, name }: { from: number; name: string },
): AsyncGenerator<Uint8Array, void> {
  for (let done = from; done < size; ) {
    // A buffer of its own each time: whoever takes it may keep it while it is written.
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - done));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, start + done);
    if (bytesRead === 0) throw new AircrateError("integrity", "the file was cut while it was read", { where: name });
    done += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
