import { watch } from "node:fs";

/** Resolves as soon as the system tells that a file of such a name is made in the folder. */
export function appears(folder: string, fits: (name: string) => boolean = () => true): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || !fits(name)) return;
      watcher.close();
      resolve();
    });
  });
}
