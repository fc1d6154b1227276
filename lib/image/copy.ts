import { posix } from "node:path";
import { AircrateError } from "../error.ts";
import type { BuildContext, ContextItem } from "../tree/context.ts";
import type { FileAttributes, LayerDraft, Ownership } from "./draft.ts";
import type { RootFs } from "./rootfs.ts";

/** One COPY, its words resolved. */
export interface Copy {
  readonly context: BuildContext;
  readonly sources: readonly string[];
  /** Absolute path in the image; a slash at its end means a folder. */
  readonly destination: string;
  readonly owner: Ownership;
  /** Mode bits of all that is copied; without it 0755 for folders and executable files, 0644 for others. */
  readonly mode?: number;
  /** `file:line`, for errors. */
  readonly where: string;
}

/**
 * Puts what a COPY copies into a layer, with the results of BuildKit: of a folder its content is copied, a file goes into
 * the destination when that is a folder, links in the destination are followed inside the image, symbolic links in the
 * source are kept as they are.
 *
 * Modes come from the source's executable bit alone: the other bits depend on the umask of whoever checked it out.
 *
 * @throws AircrateError input
 */
export function applyCopy(copy: Copy, root: RootFs, draft: LayerDraft): void {
  const { context, sources, where } = copy;
  const items = sources.flatMap((source) => context.select(source, where));
  const destination = resolveDestination(copy, root);
  const intoFolder = /\/\.?$/.test(copy.destination) || root.find(destination)?.kind === "directory";
  if (items.length > 1 && !intoFolder && items.some(({ kind }) => kind !== "directory")) {
    throw new AircrateError("input", `several files cannot become ${copy.destination}`, {
      where,
      hint: `end the destination with a slash: ${copy.destination}/`,
    });
  }
  for (const item of items) {
    if (item.kind === "directory") copyFolder(item, destination, copy, root, draft);
    else copyFile(item, intoFolder ? join(destination, posix.basename(item.path)) : destination, copy, root, draft);
  }
}

function resolveDestination({ destination, where }: Copy, root: RootFs): string {
  try {
    return root.resolve(destination);
  } catch (error) {
    throw new AircrateError("input", (error as Error).message, { where, cause: error });
  }
}

function copyFolder(item: ContextItem, destination: string, copy: Copy, root: RootFs, draft: LayerDraft): void {
  inPlace(copy, () => draft.makeDirectory(destination, copy.owner));
  for (const below of copy.context.walk(item, copy.where)) {
    const path = join(destination, below.path);
    if (below.kind !== "directory") {
      copyFile(below, path, copy, root, draft);
      continue;
    }
    const found = root.find(path);
    if (found !== undefined && found.kind !== "directory") {
      throw new AircrateError("input", `the folder ${below.path} cannot replace /${path} of the image`, {
        where: copy.where,
        reason: found.kind === "symlink" ? `that is a link to ${found.target}` : "that is a file",
        ...(found.kind === "symlink" && { hint: `copy it to what the link leads to: /${root.resolve(path)}/` }),
      });
    }
    inPlace(copy, () => draft.putDirectory(path, attributes(below, copy)));
  }
}

function copyFile(item: ContextItem, path: string, copy: Copy, root: RootFs, draft: LayerDraft): void {
  const found = root.find(path);
  if (path === "" || found?.kind === "directory") {
    throw new AircrateError("input", `the file ${item.path} cannot replace the folder /${path} of the image`, {
      where: copy.where,
    });
  }
  inPlace(copy, () => {
    if (item.kind === "symlink") draft.putSymlink(path, item.target, copy.owner);
    else {
      const { file, size, mtimeMs } = item;
      draft.putFile(path, { file, offset: 0, size, mtimeMs }, attributes(item, copy));
    }
  });
}

function attributes(item: ContextItem, { owner, mode }: Copy): FileAttributes {
  return { ...owner, mode: mode ?? (item.kind === "directory" || item.executable ? 0o755 : 0o644) };
}

/** Locates what goes wrong in the draft: a parent of the path is no folder. */
function inPlace(copy: Copy, change: () => void): void {
  try {
    change();
  } catch (error) {
    throw new AircrateError("input", `cannot copy to ${copy.destination}`, {
      where: copy.where,
      reason: (error as Error).message,
      cause: error,
    });
  }
}

function join(folder: string, below: string): string {
  return folder === "" ? below : `${folder}/${below}`;
}
