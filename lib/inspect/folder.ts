import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { AircrateError, systemCode } from "../error.ts";
import { type ArchiveScan, addMember } from "./archive.ts";
import { scanBlob } from "./blob.ts";
import type { Budget } from "./limits.ts";

/**
 * What belongs to an image layout in a folder (image-spec image-layout.md), and the lock that `aircrate vendor` puts there;
 * anything else is somebody else's.
 */
const DOCUMENTS = ["oci-layout", "index.json", "manifest.json", "aircrate.lock"];

/**
 * Reads an OCI image layout that is a folder. Links are not followed: what they lead to is not in the layout.
 *
 * @returns bytes of all files that were read
 * @throws AircrateError unreachable
 */
export async function scanFolder(folder: string, archive: ArchiveScan, budget: Budget): Promise<number> {
  let size = 0;
  const scan = async (name: string) => {
    const found = await lstat(join(folder, name));
    if (!found.isFile()) {
      archive.faults.push({ where: name, message: "is not a regular file" });
      return;
    }
    budget.addMember();
    const blob = await scanBlob(readFile(join(folder, name), budget), found.size, budget);
    size += found.size;
    addMember(archive, { path: name, type: "file", size: found.size, link: "", blob });
  };
  try {
    for (const name of DOCUMENTS) if (await isThere(join(folder, name))) await scan(name);
    for (const algorithm of await list(folder, "blobs")) {
      for (const digest of await list(folder, `blobs/${algorithm}`)) await scan(`blobs/${algorithm}/${digest}`);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new AircrateError("unreachable", "the folder cannot be read", { where: folder, reason: code, cause: error });
  }
  return size;
}

const CHUNK = 256 * 1024;

async function* readFile(file: string, budget: Budget): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    budget.pass(chunk.length);
    yield chunk;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function list(folder: string, name: string): Promise<string[]> {
  try {
    return (await readdir(join(folder, name))).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
