/**
 * Writes tar headers: POSIX.1-1988 ustar, with a POSIX.1-2001 PAX header in front only where a value does not fit
 * (pax(1), "ustar Interchange Format" and "pax Header Block").
 */
import { compareBytes } from "../bytes.ts";
import { XATTR_PREFIX } from "./pax.ts";

export const BLOCK = 512;

/** Two zero blocks end a tar file. */
export const TRAILER_SIZE = 2 * BLOCK;

export type TarType = "file" | "directory" | "symlink" | "hardlink";

export interface TarHeader {
  /** Path without leading slash; a directory's without trailing slash. */
  readonly path: string;
  readonly type: TarType;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 unless a file. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Target of a symbolic or hard link. */
  readonly link?: string;
  /** Extended attributes by their full names, such as `security.capability`. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

const TYPE_FLAG: Readonly<Record<TarType, string>> = { file: "0", hardlink: "1", symlink: "2", directory: "5" };
const NAME_SIZE = 100;
const PREFIX_SIZE = 155;
const MAX_ID = 0o7777777;
const MAX_SIZE = 0o77777777777;

/** Number of zero bytes after content of this size, up to the next block. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The header blocks of one entry: one block, or three and more when PAX records are needed. */
export function encodeHeader(header: TarHeader): Uint8Array {
  const path = header.type === "directory" ? `${header.path}/` : header.path;
  const link = header.link ?? "";
  const split = isAscii(path) ? splitPath(path) : undefined;
  // The order of records is part of the bytes: alphabetical.
  const records = header.xattrs === undefined ? [] : xattrRecords(header.xattrs);
  if (header.gid > MAX_ID) records.push(paxRecord("gid", String(header.gid)));
  if (link.length > NAME_SIZE || !isAscii(link)) records.push(paxRecord("linkpath", link));
  if (split === undefined) records.push(paxRecord("path", path));
  if (header.size > MAX_SIZE) records.push(paxRecord("size", String(header.size)));
  if (header.uid > MAX_ID) records.push(paxRecord("uid", String(header.uid)));
  const main = {
    name: split?.name ?? truncate(path),
    prefix: split?.prefix ?? "",
    flag: TYPE_FLAG[header.type],
    mode: header.mode,
    uid: header.uid > MAX_ID ? 0 : header.uid,
    gid: header.gid > MAX_ID ? 0 : header.gid,
    size: header.size > MAX_SIZE ? 0 : header.size,
    mtime: header.mtime,
    link: truncate(link),
  };
  if (records.length === 0) return encodeBlock(main);
  const pax = Buffer.concat(records);
  const paxBlock = encodeBlock({
    name: "././@PaxHeader",
    prefix: "",
    flag: "x",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: pax.length,
    mtime: 0,
    link: "",
  });
  return Buffer.concat([paxBlock, pax, Buffer.alloc(paddingOf(pax.length)), encodeBlock(main)]);
}

const ZERO = 0x30;

/** What all blocks have in common: spaces for the checksum, magic and version, device numbers. */
const TEMPLATE: Uint8Array = (() => {
  const bytes = new Uint8Array(BLOCK);
  bytes.fill(0x20, 148, 156);
  bytes.set(Buffer.from("ustar\x0000", "latin1"), 257);
  bytes.fill(ZERO, 329, 336);
  bytes.fill(ZERO, 337, 344);
  return bytes;
})();
const TEMPLATE_SUM = TEMPLATE.reduce((sum, byte) => sum + byte, 0);

interface Block {
  readonly name: string;
  readonly prefix: string;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly link: string;
}

function encodeBlock(block: Block): Uint8Array {
  const bytes = allocateBlock();
  bytes.set(TEMPLATE);
  const sum =
    TEMPLATE_SUM +
    text(bytes, block.name, 0) +
    octal(bytes, block.mode, 100, 8) +
    octal(bytes, block.uid, 108, 8) +
    octal(bytes, block.gid, 116, 8) +
    octal(bytes, block.size, 124, 12) +
    octal(bytes, block.mtime, 136, 12) +
    text(bytes, block.flag, 156) +
    text(bytes, block.link, 157) +
    text(bytes, block.prefix, 345);
  // Six digits, NUL, space: what every writer since V7 emits for the checksum alone.
  octal(bytes, sum, 148, 7);
  bytes[154] = 0;
  return bytes;
}

let slab = new Uint8Array(0);
let used = 0;

/** Memory of its own for each of many small blocks would cost more than writing it. */
function allocateBlock(): Uint8Array {
  if (used === slab.length) {
    slab = new Uint8Array(64 * BLOCK);
    used = 0;
  }
  used += BLOCK;
  return slab.subarray(used - BLOCK, used);
}

/** Puts a text that fits, in UTF-8. Most are ASCII, and a loop beats the encoder for a few characters. @returns the sum */
function text(bytes: Uint8Array, value: string, offset: number): number {
  let sum = 0;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code > 0x7f) {
      const encoded = Buffer.from(value, "utf8");
      bytes.set(encoded, offset);
      return encoded.reduce((total, byte) => total + byte, 0);
    }
    bytes[offset + i] = code;
    sum += code;
  }
  return sum;
}

/** Digits from the right; the field's last byte stays NUL. @returns the sum of the digits' bytes */
function octal(bytes: Uint8Array, value: number, offset: number, width: number): number {
  let sum = 0;
  let rest = value;
  for (let i = offset + width - 2; i >= offset; i -= 1) {
    const digit = ZERO + (rest % 8);
    bytes[i] = digit;
    sum += digit;
    rest = Math.floor(rest / 8);
  }
  return sum;
}

/** Splits a path at a slash so that both parts fit into ustar's name and prefix, or says that it cannot. */
function splitPath(path: string): { name: string; prefix: string } | undefined {
  if (path.length <= NAME_SIZE) return { name: path, prefix: "" };
  const slash = path.slice(0, PREFIX_SIZE + 1).lastIndexOf("/", path.length - 2);
  if (slash <= 0 || path.length - slash - 1 > NAME_SIZE) return undefined;
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

/**
 * What star began to write and GNU tar, libarchive and container engines read. Values are bytes, not text.
 *
 * @throws RangeError for a name that a record cannot hold; one that was read never is
 */
function xattrRecords(xattrs: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
  return [...xattrs]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => {
      if (/^$|[=\0]/.test(name)) throw new RangeError(`${JSON.stringify(name)} cannot name an extended attribute`);
      return paxRecord(XATTR_PREFIX + name, value);
    });
}

/** The PAX record names its own length, digits included. */
function paxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  const rest = Buffer.byteLength(` ${key}=\n`, "utf8") + bytes.length;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, "utf8"), bytes, NEWLINE]);
}

const NEWLINE = Buffer.from("\n");

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** A readable stand-in for readers that know no PAX: at most 100 bytes, cut between characters. */
function truncate(text: string): string {
  if (Buffer.byteLength(text, "utf8") <= NAME_SIZE) return text;
  let cut = text.slice(0, NAME_SIZE);
  while (Buffer.byteLength(cut, "utf8") > NAME_SIZE || /[\ud800-\udbff]$/.test(cut)) cut = cut.slice(0, -1);
  return cut;
}
