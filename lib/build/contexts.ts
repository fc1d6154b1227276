import { openContext, openFolder } from "../tree/context.ts";
import type { SourceTree } from "../tree/source.ts";

/** Build contexts, each opened and listed once in a build. */
export interface ContextCache {
  ofDockerfile(folder: string, name: string, dockerfile: string): SourceTree;
  ofFolder(folder: string): SourceTree;
}

export function createContextCache(): ContextCache {
  const known = new Map<string, SourceTree>();
  const keep = (key: string, open: () => SourceTree): SourceTree => {
    const context = known.get(key) ?? open();
    known.set(key, context);
    return context;
  };
  return {
    ofDockerfile: (folder, name, dockerfile) =>
      keep(`${folder}\0${dockerfile}`, () => openContext(folder, name, dockerfile)),
    ofFolder: (folder) => keep(folder, () => openFolder(folder, ".")),
  };
}
