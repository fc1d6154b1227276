import type { Write } from "../archive/pieces.ts";
import { encodeHeader, paddingOf, TRAILER_SIZE } from "../tar/header.ts";
import { joinPath } from "../tree/expand.ts";
import type { ContentReader, FullItem } from "./content.ts";

/** Largest time that a header holds, in seconds since 1970. */
const MAX_TIME = 0o77777777777;

/** Seconds since 1970, no earlier: other times are none that a file of an image really has. */
export function timeOf({ taken }: FullItem): number {
  return Math.min(Math.max(taken?.entry.mtime ?? 0, 0), MAX_TIME);
}

/** Small pieces are gathered up to this size. */
const PIECE = 256 * 1024;

/**
 * Writes items as a tar file, with the owners, modes, times and extended attributes of the image.
 *
 * @param top name of the item that is taken; empty for what is in it alone
 * @throws AircrateError integrity when a content changed
 */
export async function writeTar(
  items: readonly FullItem[],
  { top, reader, write }: { top: string; reader: ContentReader; write: Write },
): Promise<void> {
  let pending: Uint8Array[] = [];
  let size = 0;
  const flush = async () => {
    const bytes = Buffer.concat(pending);
    pending = [];
    size = 0;
    await write(bytes);
  };
  const put: Write = (bytes) => {
    pending.push(bytes);
    size += bytes.length;
    return size < PIECE ? undefined : flush();
  };
  for (const item of items) {
    if (joinPath(top, item.path) === "") continue;
    await put(headerOf(item, top));
    await reader.read(item, (bytes) => put(Buffer.from(bytes)));
    await put(Buffer.alloc(paddingOf(item.size)));
  }
  await put(Buffer.alloc(TRAILER_SIZE));
  await flush();
}

function headerOf(item: FullItem, top: string): Uint8Array {
  const { path, kind: type, mode, uid, gid, size, link, taken } = item;
  const xattrs = type === "hardlink" ? undefined : taken?.entry.xattrs;
  return encodeHeader({
    ...{ path: joinPath(top, path), type, mode, uid, gid, size, mtime: timeOf(item) },
    ...(link !== undefined && { link: type === "hardlink" ? joinPath(top, link) : link }),
    ...(xattrs !== undefined && { xattrs }),
  });
}
