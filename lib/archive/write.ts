import { inStep, type OnEvent } from "../events.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import type { Store } from "../store/layout.ts";
import type { Archive } from "./compose.ts";
import { countWrites, piecesSize, writePieces } from "./pieces.ts";
import { plainArchive } from "./splice.ts";

/**
 * Writes an archive to a file, which is there whole or not at all.
 *
 * @returns bytes that were written
 * @throws AircrateError unreachable: it cannot be written; integrity: a blob of the store is damaged
 */
export async function writeArchiveFile(
  store: Store,
  archive: Archive,
  file: string,
  { signal, onEvent }: { readonly signal?: AbortSignal | undefined; readonly onEvent?: OnEvent | undefined },
): Promise<number> {
  const pieces = plainArchive(archive);
  const size = piecesSize(pieces);
  await inStep(onEvent, { work: "write", name: file, size }, (onBytes) =>
    writeOutput(file, async (handle) => {
      const writer = createPositionalWriter(handle, 0);
      await writePieces(store, pieces, { write: countWrites(writer.write, onBytes), signal });
      await writer.flush();
    }),
  );
  return size;
}
