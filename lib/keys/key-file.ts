import { open } from "node:fs/promises";
import { AircrateError, systemCode } from "../error.ts";

/** Keys and certificates have a few thousand bytes. */
const MAX_KEY_FILE = 64 * 1024;

/**
 * Passes the bytes of a file with a key to `use`, and wipes them then.
 *
 * @returns what `use` returns, and whether other users of the machine can read the file (never known on Windows)
 * @throws AircrateError unreachable: it does not exist or cannot be read; as {@link withKeyBytes}
 */
export async function withKeyFile<T>(
  file: string,
  use: (bytes: Buffer) => Promise<T>,
): Promise<{ value: T; exposed: boolean }> {
  try {
    const handle = await open(file);
    try {
      const stat = await handle.stat();
      const chunks = handle.createReadStream({ autoClose: false, end: MAX_KEY_FILE });
      const value = await withKeyBytes(chunks, file, use);
      return { value, exposed: process.platform !== "win32" && stat.isFile() && (stat.mode & 0o044) !== 0 };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof AircrateError || code === undefined) throw error;
    const what = code === "ENOENT" ? "no such file" : "cannot be read";
    throw new AircrateError("unreachable", what, { where: file, reason: code });
  }
}

/**
 * As {@link withKeyFile}, for bytes that come from elsewhere; the chunks are wiped, too.
 *
 * @throws AircrateError input: there are too many for a key
 */
export async function withKeyBytes<T>(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  use: (bytes: Buffer) => Promise<T>,
): Promise<T> {
  // Not of the pool, in which others find what was there before.
  const buffer = Buffer.alloc(MAX_KEY_FILE);
  let size = 0;
  try {
    for await (const chunk of chunks) {
      const fits = size + chunk.length <= buffer.length;
      if (fits) buffer.set(chunk, size);
      chunk.fill(0);
      if (!fits) throw new AircrateError("input", "is too large for a key", { where });
      size += chunk.length;
    }
    return await use(buffer.subarray(0, size));
  } finally {
    buffer.fill(0);
  }
}
