/** The files of an image layout by their names in it, wherever they lie. */
export interface LayoutFiles {
  /** Bytes of a regular file; undefined when there is none of that name. Links count as nothing. */
  size(name: string): Promise<number | undefined>;
  /** The bytes of a file that is there, from a position on. */
  read(name: string, from: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes that are read at once. */
export const CHUNK = 256 * 1024;
