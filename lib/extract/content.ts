import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Write } from "../archive/pieces.ts";
import { changedError } from "../import/members.ts";
import type { Item } from "./items.ts";
import type { Taken } from "./take.ts";

/** An item with all that is known of it. */
export interface FullItem extends Item {
  readonly taken?: Taken;
}

/** Reads the contents of files, many of which lie in one: that stays open. */
export interface ContentReader {
  /**
   * Hands on a content, which is checked once more.
   *
   * @throws AircrateError integrity when it changed
   */
  read(item: FullItem, use: Write): Promise<void>;
  close(): Promise<void>;
}

const CHUNK = 256 * 1024;

export function createContentReader(signal?: AbortSignal): ContentReader {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  const handles = new Map<string, FileHandle>();
  return {
    async read({ kind, taken, digest, path }, use) {
      signal?.throwIfAborted();
      const content = kind === "file" ? taken?.content : undefined;
      if (content === undefined) return;
      const { file, offset, size } = content;
      const handle = handles.get(file) ?? (await open(file));
      handles.set(file, handle);
      const hash = createHash("sha256");
      for (let done = 0; done < size; ) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK, size - done), offset + done);
        if (bytesRead === 0) break;
        const bytes = buffer.subarray(0, bytesRead);
        hash.update(bytes);
        await use(bytes);
        signal?.throwIfAborted();
        done += bytesRead;
      }
      if (`sha256:${hash.digest("hex")}` !== digest) throw changedError(file, `${path} has another content now`);
    },
    async close() {
      await Promise.all([...handles.values()].map((handle) => handle.close()));
    },
  };
}
