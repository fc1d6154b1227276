import type { LayerEncoding } from "../../spec/media-types.ts";

/** The bytes are not what their encoding asks for. The message says in what way. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/**
 * Unpacks as it is iterated, in step with its source, in flat memory. What comes out may be reused by the next step.
 *
 * @throws DecodeError from the iteration
 */
export type Decode = (pieces: Iterable<Uint8Array>) => Iterable<Uint8Array>;

/** Largest piece that decoders are given, in bytes: gzip makes up to a thousand times as much of one at once. */
export const PIECE_SIZE = 32 * 1024;

/** Decoders are loaded with the first blob that needs them. */
export async function loadDecode(encoding: LayerEncoding): Promise<Decode> {
  switch (encoding) {
    case "plain":
      return (pieces) => pieces;
    case "gzip":
      return (await import("./gunzip.ts")).gunzip;
    case "zstd":
      return (await import("./zstd.ts")).loadZstd();
  }
}
