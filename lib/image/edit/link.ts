import type { EditCommand } from "../../dockerfile/types.ts";
import { FileFailure } from "./errno.ts";
import { CommandFailure, trying } from "./failure.ts";
import type { Files } from "./files.ts";

type Link = Extract<EditCommand, { readonly kind: "ln" }>;

/**
 * Makes symbolic links as ln(1) of GNU coreutils does: in a folder that is the last operand, also when a link leads to it
 * (`-n` prevents that), in the working folder for a single operand, else under the name that the last operand is.
 *
 * @param operands with their wildcards resolved
 * @param folder of `-t`
 * @throws CommandFailure
 */
export function makeLinks(command: Link, operands: readonly string[], folder: string | undefined, files: Files): void {
  const put = (target: string, link: string) => makeLink(target, link, command.force, files);
  const into = (targets: readonly string[], place: string) => {
    for (const target of targets) put(target, `${place.replace(/\/+$/, "")}/${baseName(target)}`);
  };
  const last = operands.at(-1)!;
  const targets = operands.slice(0, -1);
  if (folder !== undefined) {
    const { node } = trying(`failed to access '${folder}'`, () => files.require(folder, "follow"));
    if (node.kind !== "directory") throw new CommandFailure(`target '${folder}' is not a directory`, "ENOTDIR");
    into(operands, folder);
  } else if (targets.length === 0) {
    if (command.noFolder) throw new CommandFailure(`missing destination file operand after '${last}'`, "EINVAL");
    put(last, baseName(last));
  } else if (command.noFolder) {
    if (targets.length > 1) throw new CommandFailure(`extra operand '${operands[2]}'`, "EINVAL");
    put(targets[0]!, last);
  } else {
    const failure = folderFailure(last, command.noDereference ? "keep" : "follow", files);
    if (failure === undefined) into(targets, last);
    else if (targets.length === 1) put(targets[0]!, last);
    else throw new CommandFailure(`target '${last}': ${failure.message}`, failure.code);
  }
}

function makeLink(target: string, link: string, force: boolean, files: Files): void {
  trying(`failed to create symbolic link '${link}'${target === "" ? " -> ''" : ""}`, () => {
    if (target === "") throw new FileFailure("ENOENT");
    const { path, node } = files.locate(link, "keep");
    if (node !== undefined) {
      if (!force) throw new FileFailure("EEXIST");
      if (node.kind === "directory") {
        throw new CommandFailure(`${link}: cannot overwrite directory`, "EISDIR");
      }
      files.remove(path);
    }
    files.makeSymlink(path, target);
  });
}

/** Why a path is none of a folder. */
function folderFailure(path: string, links: "follow" | "keep", files: Files): FileFailure | undefined {
  try {
    return files.require(path, links).node.kind === "directory" ? undefined : new FileFailure("ENOTDIR");
  } catch (error) {
    if (error instanceof FileFailure) return error;
    throw error;
  }
}

function baseName(path: string): string {
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}
