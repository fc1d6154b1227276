import { rm } from "node:fs/promises";
import { openStore, type Store, temporaryFile } from "./layout.ts";

/** Files that a build needs while it runs. */
export interface Scratch {
  /** Path of a new file, which is not there yet. */
  file(): string;
  /** Removes all of them. */
  clean(): Promise<void>;
}

export function createScratch(store: Store): Scratch {
  const files: string[] = [];
  return {
    file() {
      const file = temporaryFile(store);
      files.push(file);
      return file;
    },
    async clean() {
      await Promise.all(files.splice(0).map((file) => rm(file, { force: true })));
    },
  };
}

/** A store of its own, on the disk of another one, for what only passes through: it is removed with all that is in it. */
export interface ScratchStore {
  readonly store: Store;
  remove(): Promise<void>;
}

/** @throws AircrateError unreachable */
export async function openScratchStore(near: Store): Promise<ScratchStore> {
  const root = temporaryFile(near);
  return { store: await openStore(root), remove: () => rm(root, { recursive: true, force: true }) };
}
