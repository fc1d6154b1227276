import type { EditCommand } from "../../dockerfile/types.ts";
import { FileFailure } from "./errno.ts";
import { CommandFailure, trying } from "./failure.ts";
import type { Files } from "./files.ts";

type Rm = Extract<EditCommand, { readonly kind: "rm" }>;
type Rmdir = Extract<EditCommand, { readonly kind: "rmdir" }>;

/** Removes as rm(1) of GNU coreutils does. @throws CommandFailure */
export function rm(path: string, { recursive, force, folders }: Rm, files: Files): void {
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  if (/(?:^|\/)\.\.?$/.test(trimmed)) {
    throw new CommandFailure(`refusing to remove '.' or '..' directory: skipping '${path}'`, new FileFailure("EINVAL"));
  }
  trying(`cannot remove '${path}'`, () => {
    const found = present(trimmed, force, files);
    if (found === undefined) return;
    const { path: place, node } = found;
    if (place === "") throw new FileFailure("EROOT");
    if (node.kind !== "directory") {
      if (trimmed === path) files.remove(place);
      // Of what is no folder, a path with a slash behind it is none.
      else if (!force || node.kind === "symlink") throw new FileFailure("ENOTDIR");
      return;
    }
    if (!recursive) {
      if (!folders) throw new FileFailure("EISDIR");
      if (node.children.size > 0) throw new FileFailure("ENOTEMPTY");
    }
    files.remove(place);
  });
}

/** What is to be removed; nothing is no fault with `-f`. */
function present(path: string, force: boolean, files: Files): ReturnType<Files["require"]> | undefined {
  try {
    return files.require(path, "keep");
  } catch (error) {
    if (force && error instanceof FileFailure && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  }
}

/** Removes empty folders as rmdir(1) of GNU coreutils does. @throws CommandFailure */
export function rmdir(path: string, { parents, ignoreFull }: Rmdir, files: Files): void {
  let current = path;
  for (;;) {
    const isFull = trying(`failed to remove '${current}'`, () => removeEmpty(current, ignoreFull, files));
    const above = current.replace(/(?<=.)\/+$/, "").replace(/\/*[^/]*$/, "");
    if (!parents || isFull || (above === "" && !current.startsWith("/")) || current === "/") return;
    current = above === "" ? "/" : above;
  }
}

/** @returns whether it is not empty and that does not matter */
function removeEmpty(path: string, ignoreFull: boolean, files: Files): boolean {
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  if (/(?:^|\/)\.$/.test(trimmed)) throw new FileFailure("EINVAL");
  const { path: place, node } = files.require(trimmed, "keep");
  if (node.kind !== "directory") throw new FileFailure("ENOTDIR");
  if (node.children.size > 0) {
    if (ignoreFull) return true;
    throw new FileFailure("ENOTEMPTY");
  }
  files.remove(place);
  return false;
}
