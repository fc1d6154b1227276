import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import type { Digest } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import { blobFile, type Store } from "../store/layout.ts";
import { createRelief } from "../work/memory.ts";

/**
 * A part of an output, known with its size before the first byte is written: bytes in memory, or a blob of the store,
 * as it lies there.
 */
export type Piece = { readonly bytes: Uint8Array } | { readonly blob: StoredBlob };

export interface StoredBlob {
  readonly digest: Digest;
  readonly size: number;
  /** CRC-32 of its bytes, taken when it was checked against its digest. */
  readonly crc: number;
}

export function pieceSize(piece: Piece): number {
  return "bytes" in piece ? piece.bytes.length : piece.blob.size;
}

export function piecesSize(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceSize(piece), 0);
}

const CHUNK = 1024 * 1024;

/**
 * Hands the bytes of the pieces to `write`, in order. Each blob is read once, and its CRC-32 shows that it still is what
 * was checked when it came: a store may lie on a disk that forgets.
 *
 * @returns CRC-32 of all bytes
 * @throws AircrateError integrity when a blob is damaged, unreachable when it is gone
 */
export async function writePieces(
  store: Store,
  pieces: readonly Piece[],
  { write, signal }: { write: (bytes: Uint8Array) => Promise<void> | undefined; signal?: AbortSignal | undefined },
): Promise<number> {
  const relieve = createRelief();
  let total = 0;
  for (const piece of pieces) {
    if ("bytes" in piece) {
      await write(piece.bytes);
      total = crc32Combine(total, crc32(piece.bytes), piece.bytes.length);
      continue;
    }
    const { blob } = piece;
    let crc = 0;
    let size = 0;
    try {
      for await (const chunk of createReadStream(blobFile(store, blob.digest), { highWaterMark: CHUNK })) {
        const bytes = chunk as Buffer;
        crc = crc32(bytes, crc);
        size += bytes.length;
        signal?.throwIfAborted();
        await write(bytes);
        relieve(bytes.length);
      }
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      throw new AircrateError("unreachable", "a blob vanished from the store during the build", {
        where: blob.digest,
        hint: "build again",
        cause: error,
      });
    }
    if (crc !== blob.crc || size !== blob.size) {
      throw new AircrateError("integrity", "a blob in the store is damaged", {
        where: blob.digest,
        hint: `remove ${blobFile(store, blob.digest)} and build again`,
      });
    }
    total = crc32Combine(total, crc, size);
  }
  return total;
}
