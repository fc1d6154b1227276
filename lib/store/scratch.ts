import { rm } from "node:fs/promises";
import { type Store, temporaryFile } from "./layout.ts";

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
