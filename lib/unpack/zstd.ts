import type { ZSTDDecoder } from "zstddec/stream";
import { type Decode, DecodeError } from "./decode.ts";

/** Times that the decoder may neither take nor give a byte, at the ends of frames; its own limit is the same. */
const PATIENCE = 16;

/**
 * The reference decoder, compiled to WebAssembly: any number of frames, skippable ones among them (RFC 8878, section
 * 3.1), checksums checked, windows up to its own limit of 128 MiB. Node has it built in from 22.15 on only.
 */
export async function loadZstd(): Promise<Decode> {
  const { ZSTDDecoder } = await import("zstddec/stream");
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return (pieces) => unzstd(decoder, pieces);
}

function* unzstd(decoder: ZSTDDecoder, pieces: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  let idle = 0;
  let allowed = 0;
  function* given(): Generator<Uint8Array> {
    for (const piece of pieces) {
      idle = 0;
      allowed = PATIENCE + piece.length;
      yield piece;
    }
  }
  try {
    for (const bytes of decoder.decodeStreaming(given())) {
      idle += 1;
      // At an error it goes on for ever, neither taking nor giving a byte.
      if (bytes.length === 0 && idle > allowed) {
        throw new DecodeError("the zstd stream is damaged, or needs a window of more than 128 MiB");
      }
      if (bytes.length === 0) continue;
      idle = 0;
      yield bytes;
    }
  } catch (error) {
    if (!(error as Error).message.startsWith("Incomplete stream")) throw error;
    throw new DecodeError("unexpected end of the zstd stream", { cause: error });
  }
}
