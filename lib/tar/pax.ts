import { isUtf8 } from "node:buffer";

/** Values of a PAX header that stand for those of the header behind it; undefined takes back an earlier one. */
export interface PaxValues {
  readonly path?: string | undefined;
  readonly linkpath?: string | undefined;
  readonly size?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Seconds since 1970, fractions cut. */
  readonly mtime?: number | undefined;
  /** Extended attributes by their full names. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
  /** The content is a map of holes and what lies between them (GNU tar's manual, "Sparse Formats"). */
  readonly sparse?: true;
  /** The bytes of a path or link that are not UTF-8; its text has U+FFFD in their place. */
  readonly notUtf8?: Uint8Array;
}

/** Begins the keys of records that hold extended attributes. */
export const XATTR_PREFIX = "SCHILY.xattr.";

/**
 * Reads the records of a PAX header, `LENGTH KEY=VALUE\n` each (POSIX.1-2001, pax(1), "pax Extended Header"). They are
 * taken apart by their lengths: a value may hold line ends, and bytes that look like another record.
 *
 * @throws Error when a record is malformed
 */
export function parsePax(bytes: Buffer): PaxValues {
  const values: Record<string, unknown> = {};
  const xattrs = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.subarray(at, at + MAX_LENGTH_DIGITS + 1).indexOf(0x20);
    const digits = bytes.toString("latin1", at, at + Math.max(space, 0));
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, at);
    if (!/^\d+$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new Error("a malformed PAX record");
    }
    const key = bytes.toString("utf8", at + space + 1, equals);
    const value = bytes.subarray(equals + 1, end - 1);
    const read = READERS.get(key);
    if (key.startsWith(XATTR_PREFIX)) readXattr(xattrs, key.slice(XATTR_PREFIX.length), value);
    else if (key.startsWith("GNU.sparse.")) values.sparse = true;
    else if (read !== undefined) {
      const text = value.toString("utf8");
      values[key] = text === "" ? undefined : read(text);
      if (key.endsWith("path") && !isUtf8(value)) values.notUtf8 = new Uint8Array(value);
    }
    at = end;
  }
  if (xattrs.size > 0) values.xattrs = xattrs;
  return values;
}

const MAX_LENGTH_DIGITS = 7;

const READERS: ReadonlyMap<string, (text: string) => string | number> = new Map<
  string,
  (text: string) => string | number
>([
  ["path", readPath],
  ["linkpath", readPath],
  ["size", readNumber],
  ["uid", readNumber],
  ["gid", readNumber],
  ["mtime", readTime],
]);

/** What Linux allows (xattr(7), linux/limits.h), in bytes. */
const MAX_XATTR_NAME = 255;
const MAX_XATTR_VALUE = 64 * 1024;

/** An empty value takes an attribute back, for container engines as for every other key. */
function readXattr(xattrs: Map<string, Uint8Array>, name: string, value: Buffer): void {
  if (
    name === "" ||
    name.includes("\0") ||
    Buffer.byteLength(name) > MAX_XATTR_NAME ||
    value.length > MAX_XATTR_VALUE
  ) {
    throw new Error("a PAX record with an extended attribute that no system takes");
  }
  // Memory of its own: a view would take the whole header along to another thread.
  if (value.length > 0) xattrs.set(name, new Uint8Array(value));
  else xattrs.delete(name);
}

function readPath(text: string): string {
  if (text.includes("\0")) throw new Error("a PAX record with a path that holds a NUL byte");
  return text;
}

function readNumber(text: string): number {
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new Error("a PAX record with a bad number");
  return Number(text);
}

function readTime(text: string): number {
  if (!/^-?\d{1,15}(\.\d*)?$/.test(text)) throw new Error("a PAX record with a bad time");
  return Math.floor(Number(text));
}
