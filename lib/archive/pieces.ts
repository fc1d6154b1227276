import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Digest } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import type { Cut } from "../gzip/join.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import type { Segment } from "../tar/sequence.ts";

/**
 * A part of an output, known with its size before the first byte is written: bytes in memory, or a blob of the store,
 * as it lies there but for its cuts.
 */
export type Piece = { readonly bytes: Uint8Array } | { readonly blob: StoredBlob; readonly cuts?: readonly Cut[] };

export interface StoredBlob {
  readonly digest: Digest;
  readonly size: number;
  /** CRC-32 of its bytes, taken when it was checked against its digest. */
  readonly crc: number;
}

export function pieceSize(piece: Piece): number {
  if ("bytes" in piece) return piece.bytes.length;
  return (piece.cuts ?? []).reduce((size, { remove, insert }) => size - remove + insert.length, piece.blob.size);
}

export function piecesSize(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceSize(piece), 0);
}

/** The same bytes as segments, for whoever reads them another way. */
export function segmentsOf(store: Store, pieces: readonly Piece[]): Segment[] {
  return pieces.flatMap((piece): Segment[] => {
    if ("bytes" in piece) return [piece];
    const file = blobFile(store, piece.blob.digest);
    const segments: Segment[] = [];
    let offset = 0;
    for (const { at, remove, insert } of piece.cuts ?? []) {
      segments.push({ file, offset, size: at - offset }, { bytes: insert });
      offset = at + remove;
    }
    segments.push({ file, offset, size: piece.blob.size - offset });
    return segments.filter((segment) => ("bytes" in segment ? segment.bytes.length : segment.size) > 0);
  });
}

/** The bytes of a chunk of a file, without what its cuts remove and with what they insert. */
function* applyCuts(bytes: Uint8Array, start: number, cuts: readonly Cut[]): Generator<Uint8Array, void> {
  const end = start + bytes.length;
  let position = start;
  for (const { at, remove, insert } of cuts) {
    if (at >= end) break;
    if (at + remove <= start) continue;
    if (at > position) yield bytes.subarray(position - start, at - start);
    if (at >= start) yield insert;
    position = Math.min(at + remove, end);
  }
  if (position < end) yield bytes.subarray(position - start);
}

const CHUNK = 512 * 1024;

/** Takes bytes; when it returns a promise, the bytes must stay as they are until that is resolved. */
export type Write = (bytes: Uint8Array) => Promise<void> | undefined;

/** Counts the bytes on their way. */
export function countWrites(write: Write, onBytes: (size: number) => void): Write {
  return (bytes) => {
    onBytes(bytes.length);
    return write(bytes);
  };
}

/**
 * Hands the bytes of the pieces to `write`, in order. Each blob is read once, into the same two buffers, and its CRC-32
 * shows that it still is what was checked when it came: a store may lie on a disk that forgets.
 *
 * @returns CRC-32 of all bytes
 * @throws AircrateError integrity when a blob is damaged, unreachable when it is gone
 */
export async function writePieces(
  store: Store,
  pieces: readonly Piece[],
  { write, signal }: { write: Write; signal?: AbortSignal | undefined },
): Promise<number> {
  const buffers = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)] as const;
  let total = 0;
  for (const piece of pieces) {
    if ("bytes" in piece) {
      await write(piece.bytes);
      total = crc32Combine(total, crc32(piece.bytes), piece.bytes.length);
      continue;
    }
    const { blob, cuts = [] } = piece;
    const file = await openBlob(store, blob);
    let crc = 0;
    let size = 0;
    let written = 0;
    try {
      await readAhead(file, buffers, async (bytes) => {
        signal?.throwIfAborted();
        crc = crc32(bytes, crc);
        if (cuts.length === 0) await write(bytes);
        else {
          for (const part of applyCuts(bytes, size, cuts)) {
            written = crc32(part, written);
            await write(part);
          }
        }
        size += bytes.length;
      });
    } finally {
      await file.close();
    }
    if (crc !== blob.crc || size !== blob.size) throw await damagedBlob(store, blob.digest, "build again");
    total = crc32Combine(total, cuts.length === 0 ? crc : written, pieceSize(piece));
  }
  return total;
}

/** Reads a file from start to end: while one buffer is used, the other one is filled. */
async function readAhead(
  file: FileHandle,
  buffers: readonly [Buffer, Buffer],
  use: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let position = 0;
  let reading = file.read(buffers[0], 0, CHUNK, position);
  for (let turn = 0; ; turn += 1) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return;
    position += bytesRead;
    reading = file.read(buffers[(turn + 1) % 2]!, 0, CHUNK, position);
    // A failure is reported by the next await; until then it must not count as unhandled.
    reading.catch(() => {});
    try {
      await use(buffer.subarray(0, bytesRead));
    } catch (error) {
      await reading.catch(() => {});
      throw error;
    }
  }
}

async function openBlob(store: Store, blob: StoredBlob): Promise<FileHandle> {
  try {
    return await open(blobFile(store, blob.digest));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new AircrateError("unreachable", "a blob vanished from the store during the build", {
      where: blob.digest,
      hint: "build again",
      cause: error,
    });
  }
}
