/**
 * A minimal writer of ustar archives (POSIX.1-1988 tar) for test content. It shares nothing with the library's own
 * writer, so that one can check the other.
 */
export interface TarEntry {
  /** At most 100 bytes. Of a folder with a slash at the end. */
  readonly path: string;
  /** Permission bits; 0755 for folders, 0777 for symbolic links, else 0644. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Content of a regular file; empty without. */
  readonly data?: string | Uint8Array;
  /** Target of a symbolic link. */
  readonly symlink?: string;
  /** Target of a hard link: the path of an earlier entry. */
  readonly hardlink?: string;
}

const BLOCK = 512;

/** The archive, ended by two zero blocks. Every time in it is 0. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const data = Buffer.from(entry.data ?? "");
    parts.push(header(entry, data.length), data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [type, mode] = kindOf(entry);
  put(block, 0, 100, entry.path);
  octal(block, 100, 8, entry.mode ?? mode);
  octal(block, 108, 8, entry.uid ?? 0);
  octal(block, 116, 8, entry.gid ?? 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  put(block, 157, 100, entry.symlink ?? entry.hardlink ?? "");
  block.write("ustar\0" + "00", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function kindOf(entry: TarEntry): [type: string, mode: number] {
  if (entry.symlink !== undefined) return ["2", 0o777];
  if (entry.hardlink !== undefined) return ["1", 0o644];
  return entry.path.endsWith("/") ? ["5", 0o755] : ["0", 0o644];
}

function put(block: Buffer, offset: number, length: number, text: string): void {
  if (Buffer.byteLength(text) > length) throw new RangeError(`${text}: longer than ${length} bytes`);
  block.write(text, offset, length, "utf8");
}

function octal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, "0"), offset, length - 1, "latin1");
}
