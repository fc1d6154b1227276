import type { Encoding } from "../../spec/inspection.ts";
import type { LayerEncoding } from "../../spec/media-types.ts";

/** The bytes are not what their encoding asks for. The message says in what way. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** They are packed in a way that is known and not supported. */
export class UnsupportedError extends DecodeError {}

/**
 * Unpacks as it is iterated, in step with its source, in flat memory. What comes out may be reused by the next step.
 *
 * @throws DecodeError from the iteration
 */
export type Decode = (pieces: Iterable<Uint8Array>) => Iterable<Uint8Array>;

/** As {@link Decode}, for a decoder that does not work in step. */
export type DecodeLater = (pieces: Iterable<Uint8Array>) => AsyncIterable<Uint8Array>;

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

/** The decoder of an archive, which may be packed in ways that layers are not; undefined when there is none. */
export async function findDecode(encoding: Encoding): Promise<Decode | DecodeLater | undefined> {
  if (encoding === "bzip2") return undefined;
  return encoding === "xz" ? (await import("./xz.ts")).loadXz() : loadDecode(encoding);
}
