import { createHash } from "node:crypto";
import type { Write } from "../archive/pieces.ts";
import { changedError } from "../import/members.ts";
import { encodeHeader, paddingOf, TRAILER_SIZE } from "../tar/header.ts";
import { joinPath } from "../tree/expand.ts";
import type { Item } from "./items.ts";
import { streamOf, type Taken } from "./take.ts";

/** An item with all that is known of it. */
export interface FullItem extends Item {
  readonly taken?: Taken;
}

/** Hands on the content of a file, which is checked once more. @throws AircrateError integrity when it changed */
export async function writeContent(item: FullItem, write: Write, signal?: AbortSignal): Promise<void> {
  const { kind, taken, digest, path } = item;
  const content = kind === "file" ? taken?.content : undefined;
  if (content === undefined) return;
  const hash = createHash("sha256");
  for await (const bytes of streamOf(content)) {
    signal?.throwIfAborted();
    hash.update(bytes);
    await write(bytes);
  }
  if (`sha256:${hash.digest("hex")}` !== digest) throw changedError(content.file, `${path} has another content now`);
}

/** Largest time that a header holds, in seconds since 1970. */
const MAX_TIME = 0o77777777777;

/** Seconds since 1970, no earlier: other times are none that a file of an image really has. */
export function timeOf({ taken }: FullItem): number {
  return Math.min(Math.max(taken?.entry.mtime ?? 0, 0), MAX_TIME);
}

/**
 * Writes items as a tar file, with the owners, modes, times and extended attributes of the image.
 *
 * @param top name of the item that is taken; empty for what is in it alone
 * @throws AircrateError integrity when a content changed
 */
export async function writeTar(
  items: readonly FullItem[],
  { top, write, signal }: { top: string; write: Write; signal?: AbortSignal | undefined },
): Promise<void> {
  const nameOf = (path: string) => joinPath(top, path);
  for (const item of items) {
    const { kind: type, mode, uid, gid, size, link, taken } = item;
    const path = nameOf(item.path);
    if (path === "") continue;
    const xattrs = type === "hardlink" ? undefined : taken?.entry.xattrs;
    await write(
      encodeHeader({
        ...{ path, type, mode, uid, gid, size, mtime: timeOf(item) },
        ...(link !== undefined && { link: type === "hardlink" ? nameOf(link) : link }),
        ...(xattrs !== undefined && { xattrs }),
      }),
    );
    await writeContent(item, write, signal);
    await write(Buffer.alloc(paddingOf(size)));
  }
  await write(Buffer.alloc(TRAILER_SIZE));
}
