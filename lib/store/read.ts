import { createReadStream } from "node:fs";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { createRelief } from "../workers/memory.ts";
import { blobFile, damagedBlob, type Store } from "./layout.ts";

const CHUNK = 256 * 1024;

/**
 * Reads a blob from a position.
 *
 * @param options `again` is what to do when it is damaged: `build again`
 * @throws AircrateError unreachable: it vanished; integrity: it is not as long as it was
 */
export async function* readBlobFrom(
  store: Store,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  { from, again }: { from: number; again: string },
): AsyncGenerator<Uint8Array> {
  const relieve = createRelief();
  let position = from;
  try {
    for await (const chunk of createReadStream(blobFile(store, digest), { start: from, highWaterMark: CHUNK })) {
      position += chunk.length;
      if (position > size) break;
      yield chunk;
      relieve(chunk.length);
    }
  } catch (error) {
    throw new AircrateError("unreachable", "a blob cannot be read from the store", {
      where: digest,
      reason: (error as Error).message,
      hint: again,
      cause: error,
    });
  }
  if (position !== size) throw await damagedBlob(store, digest, again);
}
