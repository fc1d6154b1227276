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
    throw new CommandFailure(`refusing to remove '.' or '..' directory: skipping '${path}'`, "EINVAL");
  }
  /** What is below the operand is told as GNU does, from the operand on. */
  let top = "";
  const what = (failure: FileFailure) =>
    `cannot remove '${trimmed}${failure.path?.slice(top.length) ?? path.slice(trimmed.length)}'`;
  trying(what, () => {
    const found = present(path, force, files);
    if (found === undefined) return;
    const { path: place, node } = found;
    top = place;
    if (place === "") throw new FileFailure("EROOT");
    if (node.kind === "directory" && !recursive) {
      if (!folders) throw new FileFailure("EISDIR");
      if (node.children.size > 0) throw new FileFailure("ENOTEMPTY");
    }
    if (files.locate(trimmed, "keep").node?.kind !== "symlink" || trimmed === path) {
      files.remove(place);
      return;
    }
    // What a link with a slash behind it leads to is emptied; then the link is no folder to be removed.
    if (recursive) for (const name of files.list(place)) files.remove(`${place}/${name}`);
    if (!force) throw new FileFailure("ENOTDIR");
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
    const what = current === path ? "" : "directory ";
    const isFull = trying(`failed to remove ${what}'${current}'`, () => removeEmpty(current, ignoreFull, files));
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
