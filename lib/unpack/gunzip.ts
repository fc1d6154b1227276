import { Gunzip, type ZlibOptions } from "minizlib";
import { DecodeError } from "./decode.ts";

/** Its types leave out what it hands through to node:zlib. */
const OPTIONS = { chunkSize: 128 * 1024 } as ZlibOptions;

/**
 * Unpacks a gzip file of any number of members (RFC 1952, section 2.2), with their CRC-32 and sizes checked, and nothing
 * behind the last one.
 *
 * @throws DecodeError from the iteration
 */
export function* gunzip(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const stream = new Gunzip({ ...OPTIONS });
  const plain: Uint8Array[] = [];
  let failure: Error | undefined;
  stream.on("data", (bytes) => plain.push(bytes));
  stream.on("error", (error) => {
    failure = error as Error;
  });
  try {
    for (const piece of pieces) {
      stream.write(piece as Buffer);
      if (failure !== undefined) throw new DecodeError(failure.message, { cause: failure });
      yield* plain.splice(0);
      // zlib stops without a word at a zero behind the last member. The count is that of the last write.
      if (stream.handle?.bytesWritten !== piece.length) throw new DecodeError("bytes that are no gzip follow its end");
    }
    stream.end();
    if (failure !== undefined) throw new DecodeError(failure.message, { cause: failure });
    yield* plain.splice(0);
  } finally {
    stream.close();
  }
}
