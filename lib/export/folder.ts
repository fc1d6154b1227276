import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Archive } from "../archive/compose.ts";
import { pieceSize, writePieces } from "../archive/pieces.ts";
import { createPositionalWriter, writeOutput, writeOutputFolder } from "../output.ts";
import type { Store } from "../store/layout.ts";

/**
 * Writes an image layout as a folder, which is there when it is whole.
 *
 * @returns bytes of all files
 * @throws AircrateError usage: the folder is not empty; unreachable; integrity when a blob is damaged
 */
export function writeArchiveFolder(
  store: Store,
  { members }: Archive,
  { folder, signal }: { folder: string; signal: AbortSignal | undefined },
): Promise<number> {
  return writeOutputFolder(folder, async (temporary) => {
    let size = 0;
    for (const member of members) {
      const file = path.join(temporary, member.path);
      if ("directory" in member) {
        await mkdir(file);
        continue;
      }
      const piece = "bytes" in member ? member : { blob: member.layer };
      await writeOutput(file, async (handle) => {
        const writer = createPositionalWriter(handle, 0);
        await writePieces(store, [piece], { write: writer.write, signal });
        await writer.flush();
      });
      size += pieceSize(piece);
    }
    return size;
  });
}
