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

/**
 * Calls `visit` with the bytes of the segments, in order, in pieces of at most the size of a buffer; both are reused. Of
 * large files the next piece is read while one is visited.
 *
 * @throws FileChangedError as `readSegments`
 */
export async function visitSegments(
  segments: readonly Segment[],
  buffers: readonly [Uint8Array, Uint8Array],
  visit: (bytes: Uint8Array) => void,
): Promise<void> {
  const [buffer] = buffers;
  for (const segment of segments) {
    if ("bytes" in segment) {
      visit(segment.bytes);
      continue;
    }
    const file = openFile(segment);
    try {
      if (segment.size > buffer.length) await visitAhead(file, segment, { buffers, visit });
      else visit(readExactly(file, segment, buffer.subarray(0, segment.size)));
      checkTime(file, segment);
    } finally {
      closeSync(file);
    }
  }
}

interface Ahead {
  readonly buffers: readonly [Uint8Array, Uint8Array];
  readonly visit: (bytes: Uint8Array) => void;
}

async function visitAhead(fd: number, segment: FileSegment, { buffers, visit }: Ahead): Promise<void> {
  const fetch = (start: number, buffer: Uint8Array) =>
    readFully(fd, segment, start, buffer.subarray(0, Math.min(buffer.length, segment.size - start)));
  let [current, other] = buffers;
  let pending = fetch(0, current);
  for (let done = 0; done < segment.size; ) {
    const bytes = await pending;
    done += bytes.length;
    if (done < segment.size) {
      pending = fetch(done, other);
      // It is awaited in the next round, unless the visit throws.
      pending.catch(() => {});
    }
    visit(bytes);
    [current, other] = [other, current];
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
