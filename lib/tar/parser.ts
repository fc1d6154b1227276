import { isUtf8 } from "node:buffer";
import { Header } from "tar/header";
import { BLOCK, paddingOf } from "./header.ts";
import { type PaxValues, parsePax } from "./pax.ts";

/** A member of a tar file as it was found, whoever wrote it. */
export interface FoundEntry {
  /** As written, but for a directory's trailing slash; may be absolute or hold `..`: the caller decides. */
  readonly path: string;
  readonly type: FoundType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970, fractions cut. */
  readonly mtime: number;
  readonly link: string;
  /** Extended attributes by their full names; absent when there are none. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** The bytes of path or link when they are not UTF-8: the text has U+FFFD in their place. */
  readonly notUtf8?: Uint8Array;
  /** Offset of the member's (main) header block in the tar file. */
  readonly offset: number;
}

/** A sparse file is `other`, in each of GNU tar's formats: its content is not what stands in the archive. */
export type FoundType = "file" | "directory" | "symlink" | "hardlink" | "device" | "fifo" | "other";

export type TarEvent =
  | { readonly kind: "entry"; readonly entry: FoundEntry }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

/** The bytes are no tar file, or one that ends in the middle. */
export class TarFormatError extends Error {
  override readonly name = "TarFormatError";
}

/** Takes a tar file in chunks of any size and gives its members as events: entry, data (any number), end. */
export interface TarParser {
  /** The events are to be taken before the next call. Data are views of the chunk, not copies. */
  feed(chunk: Uint8Array): Iterable<TarEvent>;
  /**
   * Takes the rest of the member that is being read as fed, without its `end`. To be called between two chunks.
   *
   * @returns bytes, padding included, that the next chunk has to leave out
   */
  skip(): number;
  /** @throws TarFormatError when the file ended within a member. A missing trailer is legal for readers. */
  finish(): TarEnd;
}

/** What stands behind the last member. */
export interface TarEnd {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes from the first zero block on; two blocks are usual, 0 means that the file just stops. */
  readonly trailer: number;
  /** Whether all of those are zero: readers stop at the first zero block, so that nothing else would be noticed. */
  readonly clean: boolean;
}

/** A long name or PAX header beyond this size is an attack, not a path. */
const MAX_EXTENSION = 1024 * 1024;
const MAX_PATH = 4096;

const TYPES: Readonly<Record<string, FoundType>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "directory",
  SymbolicLink: "symlink",
  Link: "hardlink",
  CharacterDevice: "device",
  BlockDevice: "device",
  FIFO: "fifo",
};

/** Headers that describe the member behind them: PAX (POSIX.1-2001) and GNU's long names. */
const EXTENSIONS: ReadonlySet<string> = new Set([
  "ExtendedHeader",
  "OldExtendedHeader",
  "GlobalExtendedHeader",
  "NextFileHasLongPath",
  "OldGnuLongPath",
  "NextFileHasLongLinkpath",
]);

export function createTarParser(): TarParser {
  let position = 0;
  let state: "header" | "content" | "extension" | "padding" | "finished" = "header";
  let remaining = 0;
  let padding = 0;
  const headerBlock = Buffer.alloc(BLOCK);
  let headerFill = 0;
  let extension: { type: string; bytes: Buffer; fill: number; offset: number } | undefined;
  let local: PaxValues = {};
  let global: PaxValues = {};
  let trailer = 0;
  let clean = true;

  function applyExtension(): void {
    const { type, bytes, offset } = extension!;
    extension = undefined;
    if (type.endsWith("LongPath")) local = { ...local, path: cString(bytes), ...invalid(bytes) };
    else if (type.endsWith("LongLinkpath")) local = { ...local, linkpath: cString(bytes), ...invalid(bytes) };
    else if (type === "GlobalExtendedHeader") global = { ...global, ...globalValues(bytes, offset) };
    else local = { ...local, ...located(offset, () => parsePax(bytes)) };
  }

  function readHeader(block: Buffer, offset: number): TarEvent | undefined {
    // A name in front counts when a slash at the end of it, or of what stands in for it, tells a folder of old.
    const header = located(
      offset,
      () => new Header(block, 0, local.path === undefined ? undefined : { path: local.path }),
    );
    if (header.nullBlock) {
      state = "finished";
      trailer = BLOCK;
      // The library calls a block null whatever its checksum field holds.
      clean = isZero(block);
      return undefined;
    }
    if (!header.cksumValid) throw new TarFormatError(`bad header checksum at byte ${offset}`);
    const size = header.size ?? readBlank(block.subarray(SIZE_FIELD, SIZE_FIELD + 12), offset);
    if (EXTENSIONS.has(header.type)) {
      if (size > MAX_EXTENSION) throw new TarFormatError(`a header extension of ${size} bytes at byte ${offset}`);
      extension = { type: header.type, bytes: Buffer.alloc(size), fill: 0, offset };
      remaining = size;
      padding = paddingOf(size);
      state = "extension";
      if (size === 0) finishContent();
      return undefined;
    }
    const overrides = { ...global, ...local };
    local = {};
    const type = overrides.sparse === true ? "other" : (TYPES[header.type] ?? "other");
    const names = `${header.path}${header.linkpath}`;
    const { xattrs, notUtf8 = names.includes("\ufffd") ? invalidName(block, overrides) : undefined } = overrides;
    const entry: FoundEntry = {
      path: stripSlash(overrides.path ?? header.path ?? ""),
      type,
      mode: (header.mode ?? 0) & 0o7777,
      // 32 bits, as chown(2) has them: some writers give -2 for 4294967294.
      uid: (overrides.uid ?? header.uid ?? 0) >>> 0,
      gid: (overrides.gid ?? header.gid ?? 0) >>> 0,
      size: hasContent(type) ? (overrides.size ?? size) : 0,
      // A time beyond those of JavaScript is NaN.
      mtime: overrides.mtime ?? Math.floor((header.mtime?.getTime() || 0) / 1000),
      link: overrides.linkpath ?? header.linkpath ?? "",
      ...(xattrs !== undefined && { xattrs }),
      ...(notUtf8 !== undefined && { notUtf8 }),
      offset,
    };
    if (entry.path.length > MAX_PATH || entry.link.length > MAX_PATH) {
      throw new TarFormatError(`a path of more than ${MAX_PATH} characters at byte ${offset}`);
    }
    remaining = entry.size;
    padding = paddingOf(entry.size);
    state = "content";
    return { kind: "entry", entry };
  }

  function finishContent(): void {
    if (state === "extension") applyExtension();
    remaining = padding;
    padding = 0;
    state = remaining > 0 ? "padding" : "header";
  }

  function* feed(chunk: Uint8Array): Iterable<TarEvent> {
    let at = 0;
    while (at < chunk.length && state !== "finished") {
      if (state === "header") {
        const size = Math.min(BLOCK - headerFill, chunk.length - at);
        headerBlock.set(chunk.subarray(at, at + size), headerFill);
        headerFill += size;
        at += size;
        if (headerFill < BLOCK) break;
        headerFill = 0;
        const event = readHeader(headerBlock, position + at - BLOCK);
        if (event === undefined) continue;
        yield event;
        if (remaining === 0) {
          finishContent();
          yield { kind: "end" };
        }
        continue;
      }
      const size = Math.min(remaining, chunk.length - at);
      const bytes = chunk.subarray(at, at + size);
      at += size;
      remaining -= size;
      if (state === "extension") {
        extension!.bytes.set(bytes, extension!.fill);
        extension!.fill += size;
      } else if (state === "content") {
        yield { kind: "data", bytes };
      }
      if (remaining > 0) break;
      if (state === "padding") {
        state = "header";
      } else {
        const member = state === "content";
        finishContent();
        if (member) yield { kind: "end" };
      }
    }
    if (at < chunk.length) {
      const rest = chunk.subarray(at);
      trailer += rest.length;
      clean &&= isZero(rest);
    }
    position += chunk.length;
  }

  return {
    feed,
    skip() {
      if (state !== "content" && state !== "padding") return 0;
      const size = remaining + (state === "content" ? padding : 0);
      position += size;
      remaining = 0;
      padding = 0;
      state = "header";
      return size;
    },
    finish() {
      if (state === "content" || state === "extension" || (state === "header" && headerFill > 0)) {
        throw new TarFormatError(`the tar file ends in the middle of a member, after ${position} bytes`);
      }
      if (position === 0) throw new TarFormatError("the tar file is empty");
      return { size: position, trailer, clean };
    },
  };
}

/** Locates errors about numbers and records that cannot be read. */
function located<T>(offset: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TarFormatError(`a bad header at byte ${offset}: ${(error as Error).message}`);
  }
}

const SIZE_FIELD = 124;

/** The library leaves out a size that it cannot read, one that is negative too. Only a blank field means 0. */
function readBlank(field: Buffer, offset: number): 0 {
  if (field.every((byte) => byte === 0 || byte === 0x20)) return 0;
  throw new TarFormatError(`a bad size in the header at byte ${offset}`);
}

/**
 * Readers disagree on whether global headers count, so one that would move bytes or names makes two files of one. None
 * gives all files the same attributes.
 */
function globalValues(bytes: Buffer, offset: number): PaxValues {
  const { xattrs: _, ...values } = located(offset, () => parsePax(bytes));
  if (values.path === undefined && values.linkpath === undefined && values.size === undefined) return values;
  throw new TarFormatError(`a global header at byte ${offset} that names a path or a size`);
}

function hasContent(type: FoundType): boolean {
  return type === "file" || type === "other";
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** A name in a header's own fields that counts and is not UTF-8. */
function invalidName(block: Buffer, { path, linkpath }: PaxValues): Uint8Array | undefined {
  const fields = [
    ...(path === undefined ? [block.subarray(0, 100), block.subarray(345, 500)] : []),
    ...(linkpath === undefined ? [block.subarray(157, 257)] : []),
  ];
  for (const field of fields) {
    const { notUtf8 } = invalid(field);
    if (notUtf8 !== undefined) return notUtf8;
  }
  return undefined;
}

function invalid(bytes: Buffer): Pick<PaxValues, "notUtf8"> {
  const end = bytes.indexOf(0);
  const name = end < 0 ? bytes : bytes.subarray(0, end);
  return isUtf8(name) ? {} : { notUtf8: new Uint8Array(name) };
}

function stripSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.replace(/\/+$/, "") : path;
}
