import { open } from "node:fs/promises";
import { createPositionalWriter, type PositionalWriter } from "../output.ts";
import { type Store, writeError } from "../store/layout.ts";
import { createRelief } from "../workers/memory.ts";

/** A file that is filled from its start. */
export interface Target {
  /** Bytes that are there. */
  position(): number;
  /** Whether what is there comes from more than one answer, or from an earlier run. */
  pieced(): boolean;
  /** An answer begins. */
  join(): void;
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets what is there. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a file of the store and stands behind what is in it.
 *
 * @param onRestart told of each restart, with 0
 * @throws AircrateError unreachable, located at the store; so does every method
 */
export async function openTarget(store: Store, file: string, onRestart?: (from: number) => void): Promise<Target> {
  const stored = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      throw writeError(store, error);
    }
  };
  const relieve = createRelief();
  const handle = await stored(() => open(file, "r+"));
  let position = (await stored(() => handle.stat())).size;
  let pieces = position > 0 ? 1 : 0;
  let writer: PositionalWriter = createPositionalWriter(handle, position);
  return {
    position: () => position,
    pieced: () => pieces > 1,
    join: () => {
      pieces += 1;
    },
    async write(chunk) {
      await stored(async () => writer.write(chunk));
      position += chunk.length;
      relieve(chunk.length);
    },
    restart: () =>
      stored(async () => {
        await writer.flush();
        await handle.truncate(0);
        position = 0;
        pieces = 0;
        writer = createPositionalWriter(handle, 0);
        onRestart?.(0);
      }),
    close: () =>
      stored(async () => {
        try {
          await writer.flush();
        } finally {
          await handle.close();
        }
      }),
  };
}
