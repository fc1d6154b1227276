import { closeSync, constants, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { type FileSegment, type Segment, segmentSize } from "../tar/sequence.ts";

/** A file is not what it was when the tree was listed. Carries the path; the caller words the error. */
export class FileChangedError extends Error {
  override readonly name = "FileChangedError";
  readonly file: string;

  constructor(file: string) {
    super(`${file} changed while it was read`);
    this.file = file;
  }
}

/**
 * Fills `target` from its start with the bytes of the segments, which must be exactly as long.
 *
 * @throws FileChangedError when a file is gone, shorter or has another modification time than when it was listed
 */
export function readSegments(segments: readonly Segment[], target: Uint8Array): void {
  let at = 0;
  for (const segment of segments) {
    if ("bytes" in segment) {
      target.set(segment.bytes, at);
    } else {
      const file = openFile(segment);
      try {
        readExactly(file, segment, target.subarray(at, at + segment.size));
        checkTime(file, segment);
      } finally {
        closeSync(file);
      }
    }
    at += segmentSize(segment);
  }
}

/** Takes a piece. When it returns a promise, the bytes must stay as they are until that is resolved. */
export type Visit = (bytes: Uint8Array) => Promise<void> | undefined;

/** Memory that files are read into, part by part and again and again. */
export interface ReadBuffers {
  /** Bytes of a part: of a longer file the next piece is read while one is visited. */
  readonly size: number;
  /** A part that nobody looks at any more. */
  next(): Promise<ReadBuffer>;
}

interface ReadBuffer {
  readonly bytes: Uint8Array;
  free: Promise<void> | undefined;
}

/** Parts the memory: into two at least. */
export function createReadBuffers(memory: Uint8Array, count: number): ReadBuffers {
  const size = Math.floor(memory.length / count);
  const buffers = Array.from({ length: count }, (_, i): ReadBuffer => {
    return { bytes: memory.subarray(i * size, (i + 1) * size), free: undefined };
  });
  let turn = 0;
  return {
    size,
    async next() {
      const buffer = buffers[turn % count]!;
      turn += 1;
      await buffer.free;
      buffer.free = undefined;
      return buffer;
    },
  };
}

/**
 * Calls `visit` with the bytes of the segments, in order, in pieces of at most the size of a buffer.
 *
 * @throws FileChangedError as `readSegments`
 */
export async function visitSegments(segments: readonly Segment[], buffers: ReadBuffers, visit: Visit): Promise<void> {
  for (const segment of segments) {
    if ("bytes" in segment) {
      visit(segment.bytes);
      continue;
    }
    const file = openFile(segment);
    try {
      await visitFile(file, segment, { buffers, visit });
      checkTime(file, segment);
    } finally {
      closeSync(file);
    }
  }
}

interface Visiting {
  readonly buffers: ReadBuffers;
  readonly visit: Visit;
}

async function visitFile(fd: number, segment: FileSegment, { buffers, visit }: Visiting): Promise<void> {
  const { size } = segment;
  let current = await buffers.next();
  if (size <= buffers.size) {
    current.free = visit(readExactly(fd, segment, current.bytes.subarray(0, size)));
    return;
  }
  const fetch = (start: number, { bytes }: ReadBuffer) =>
    readFully(fd, segment, start, bytes.subarray(0, Math.min(bytes.length, size - start)));
  let pending = fetch(0, current);
  for (let done = 0; done < size; ) {
    const bytes = await pending;
    const visited = current;
    done += bytes.length;
    if (done < size) {
      current = await buffers.next();
      pending = fetch(done, current);
      // It is awaited in the next round, unless the visit throws.
      pending.catch(() => {});
    }
    visited.free = visit(bytes);
  }
}

const readFile = promisify(read);

async function readFully(fd: number, segment: FileSegment, start: number, target: Uint8Array): Promise<Uint8Array> {
  for (let done = 0; done < target.length; ) {
    const position = segment.offset + start + done;
    const { bytesRead } = await readFile(fd, target, done, target.length - done, position).catch((error: unknown) => {
      throw readFault(segment, error);
    });
    if (bytesRead === 0) throw new FileChangedError(segment.file);
    done += bytesRead;
  }
  return target;
}

// Listed files are regular. One that has become a symbolic link or a fifo since must neither be followed nor waited for.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function openFile(segment: FileSegment): number {
  return orChanged(segment, () => openSync(segment.file, OPEN_FLAGS));
}

function readExactly(fd: number, segment: FileSegment, target: Uint8Array): Uint8Array {
  for (let done = 0; done < target.length; ) {
    const position = segment.offset + done;
    const count = orChanged(segment, () => readSync(fd, target, done, target.length - done, position));
    if (count === 0) throw new FileChangedError(segment.file);
    done += count;
  }
  return target;
}

function checkTime(fd: number, { file, mtimeMs }: FileSegment): void {
  if (mtimeMs !== undefined && fstatSync(fd).mtimeMs !== mtimeMs) throw new FileChangedError(file);
}

/** What says that there is no regular file any more: it is gone, or a link, a folder, a fifo or a socket. */
const CHANGED: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "ESPIPE", "ENXIO"]);

function orChanged<T>(segment: FileSegment, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw readFault(segment, error);
  }
}

function readFault({ file }: FileSegment, error: unknown): unknown {
  return CHANGED.has((error as NodeJS.ErrnoException).code) ? new FileChangedError(file) : error;
}
