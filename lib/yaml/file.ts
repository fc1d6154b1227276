import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { AircrateError, systemCode } from "../error.ts";

/**
 * The content of a small file that a user wrote.
 *
 * @param options what messages call the file, and the most bytes it may have
 * @throws AircrateError input: not a file, or larger than `limit`; unreachable: does not exist or cannot be read
 */
export async function readSmallFile(path: string, options: { name: string; limit: number }): Promise<Uint8Array> {
  const { name, limit } = options;
  try {
    // Without O_NONBLOCK a FIFO under the name would wait for ever. Windows does not know the flag.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new AircrateError("input", "is not a file", { where: name });
      // One byte more than it says it has: a file that grows meanwhile is noticed.
      const bytes = Buffer.alloc(Math.min(stat.size, limit) + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
      }
      if (length > limit) throw new AircrateError("input", `is larger than ${limit} bytes`, { where: name });
      if (length > stat.size) throw new AircrateError("input", "changed while it was read", { where: name });
      return bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const what = code === "ENOENT" ? "no such file" : "cannot be read";
    throw new AircrateError("unreachable", what, { where: name, reason: code, cause: error });
  }
}
