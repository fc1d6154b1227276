/** Values of a PAX header that stand for those of the header behind it; undefined takes back an earlier one. */
export interface PaxValues {
  readonly path?: string | undefined;
  readonly linkpath?: string | undefined;
  readonly size?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Seconds since 1970, fractions cut. */
  readonly mtime?: number | undefined;
}

/**
 * Reads the records of a PAX header, `LENGTH KEY=VALUE\n` each (POSIX.1-2001, pax(1), "pax Extended Header"). They are
 * taken apart by their lengths: a value may hold line ends, and bytes that look like another record.
 *
 * @throws Error when a record is malformed
 */
export function parsePax(bytes: Buffer): PaxValues {
  const values: Record<string, unknown> = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.subarray(at, at + MAX_LENGTH_DIGITS + 1).indexOf(0x20);
    const digits = bytes.toString("latin1", at, at + Math.max(space, 0));
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, at);
    if (!/^\d+$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw new Error("a malformed PAX record");
    }
    const key = bytes.toString("utf8", at + space + 1, equals);
    const read = READERS.get(key);
    if (read !== undefined)
      values[key] = equals + 2 === end ? undefined : read(bytes.toString("utf8", equals + 1, end - 1));
    at = end;
  }
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
