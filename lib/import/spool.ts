import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Store, temporaryFile, writeError } from "../store/layout.ts";
import type { FileSegment } from "../tar/sequence.ts";
import { createRelief } from "../workers/memory.ts";

/**
 * Writes a stream to a temporary file of the store, to be read at any place. The caller removes the file.
 *
 * @throws AircrateError unreachable when the disk is full
 */
export async function spool(store: Store, chunks: AsyncIterable<Uint8Array>, size: number): Promise<FileSegment> {
  const file = temporaryFile(store);
  const relieve = createRelief();
  try {
    const passing = async function* () {
      for await (const chunk of chunks) {
        yield chunk;
        relieve(chunk.length);
      }
    };
    await pipeline(Readable.from(passing()), createWriteStream(file, { flags: "wx" }));
  } catch (error) {
    await rm(file, { force: true });
    throw writeError(store, error);
  }
  return { file, offset: 0, size };
}
