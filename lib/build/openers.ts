import { AircrateError } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import type { Scratch } from "../store/scratch.ts";
import { openArchive } from "../tree/archive.ts";
import type { TreeItem } from "../tree/source.ts";
import { isArchive } from "../unpack/extract.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { Openers } from "./make.ts";

export interface OpenerOptions {
  readonly pool: WorkPool;
  readonly scratch: Scratch;
  /** Largest plain size of an archive, in bytes. */
  readonly maxSize: number;
  readonly remote: Openers["remote"];
  readonly onEvent: OnEvent;
}

export function createOpeners({ pool, scratch, maxSize, remote, onEvent }: OpenerOptions): Openers {
  const archives = new Map<string, Promise<readonly TreeItem[]>>();
  const remotes = new Map<string, ReturnType<Openers["remote"]>>();
  return {
    async isArchive(file, where) {
      try {
        return await isArchive(file);
      } catch (error) {
        throw new AircrateError("input", "a file of the build context cannot be read", {
          where,
          reason: (error as Error).message,
          cause: error,
        });
      }
    },
    archive: (file, name, where) =>
      once(archives, file, () =>
        inStep(onEvent, { work: "unpack", name }, () =>
          openArchive(pool, file, { name, where, spool: scratch.file(), maxPlainSize: maxSize }),
        ),
      ),
    remote: (url, checksum, where) => once(remotes, `${checksum} ${url}`, () => remote(url, checksum, where)),
  };
}

function once<T>(known: Map<string, Promise<T>>, key: string, open: () => Promise<T>): Promise<T> {
  const result = known.get(key) ?? open();
  known.set(key, result);
  return result;
}
