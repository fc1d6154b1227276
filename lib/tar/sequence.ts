import type { TarHeader } from "./header.ts";
import { BLOCK, encodeHeader, paddingOf, TRAILER_SIZE } from "./header.ts";

/**
 * A piece of a byte stream that is known before it is read: bytes in memory, or a range of a file. A whole tar file is
 * a list of them, so that its size is known at once and any part of it can be made without the rest.
 */
export type Segment = BytesSegment | FileSegment;

export interface BytesSegment {
  readonly bytes: Uint8Array;
}

export interface FileSegment {
  readonly file: string;
  /** First byte of the file that belongs to the segment. */
  readonly offset: number;
  readonly size: number;
  /** Modification time in ms when the file was listed: a reader that finds another one knows that it changed. */
  readonly mtimeMs?: number;
}

export interface TarEntry extends TarHeader {
  /** Where a file's content comes from; absent when it is empty. */
  readonly content?: Segment;
}

export function segmentSize(segment: Segment): number {
  return "bytes" in segment ? segment.bytes.length : segment.size;
}

/** A tar file before it is read. */
export interface TarStream {
  readonly segments: readonly Segment[];
  /** Where the headers of each entry begin. */
  readonly starts: readonly number[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/**
 * A tar file with these entries, in their order, headers, padding and the end included. Neighbouring bytes are joined,
 * so that a tree of n files gives at most 2n + 1 segments.
 */
export function tarStream(entries: readonly TarEntry[]): TarStream {
  const segments: Segment[] = [];
  const starts: number[] = [];
  let size = 0;
  let pending: Uint8Array[] = [];
  const flush = () => {
    if (pending.length > 0) segments.push({ bytes: Buffer.concat(pending) });
    pending = [];
  };
  for (const entry of entries) {
    const header = encodeHeader(entry);
    pending.push(header);
    starts.push(size);
    if (entry.content !== undefined) {
      if ("bytes" in entry.content) {
        pending.push(entry.content.bytes);
      } else if (entry.content.size > 0) {
        flush();
        segments.push(entry.content);
      }
    }
    const padding = paddingOf(entry.size);
    size += header.length + entry.size + padding;
    if (padding > 0) pending.push(ZEROS.subarray(0, padding));
  }
  pending.push(ZEROS.subarray(0, TRAILER_SIZE));
  flush();
  return { segments, starts, size: size + TRAILER_SIZE };
}

const ZEROS = new Uint8Array(2 * BLOCK);
