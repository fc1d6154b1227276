import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import path from "node:path";
import { systemCode } from "../error.ts";
import { CHUNK, type LayoutFiles } from "./files.ts";

/** An image layout that is a folder. Links are not followed: what they lead to is not in the layout. */
export function folderFiles(folder: string): LayoutFiles {
  return {
    async size(name) {
      try {
        const found = await lstat(path.join(folder, name));
        return found.isFile() ? found.size : undefined;
      } catch (error) {
        const code = systemCode(error);
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw error;
      }
    },
    async *read(name, from) {
      // Windows does not know the flag.
      const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
      const handle = await open(path.join(folder, name), flags);
      yield* handle.createReadStream({ start: from, highWaterMark: CHUNK });
    },
    async close() {},
  };
}
