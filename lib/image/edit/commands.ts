import type { EditCommand, OwnerChange, Word } from "../../dockerfile/types.ts";
import { AircrateError } from "../../error.ts";
import { changeMode } from "../../mode.ts";
import type { Ownership } from "../node.ts";
import { resolveOwner } from "../owner.ts";
import type { RootFs } from "../rootfs.ts";
import { FileFailure } from "./errno.ts";
import { expandWord } from "./expand.ts";
import { CommandFailure, trying } from "./failure.ts";
import { type Files, isMounted } from "./files.ts";
import { makeLinks } from "./link.ts";
import { accountOf, type Process } from "./process.ts";
import { rm, rmdir } from "./remove.ts";

interface Context {
  readonly files: Files;
  readonly root: RootFs;
  readonly process: Process;
  readonly where: string;
}

const UMASK = 0o022;

type Command<Kind> = Extract<EditCommand, { readonly kind: Kind }>;

/**
 * Runs a command; a shell expands all its words before.
 *
 * @throws CommandFailure, MisreadName, AircrateError
 */
export function runCommand(command: Exclude<EditCommand, { readonly kind: "cd" }>, context: Context): void {
  if (command.kind === "ln") {
    ln(command, context);
    return;
  }
  const act = actionOf(command, context);
  for (const path of expandAll(command.paths, context)) act(path);
}

/** What a command does to each of its operands. */
function actionOf(
  command: Exclude<EditCommand, { readonly kind: "cd" | "ln" }>,
  context: Context,
): (path: string) => void {
  const { files } = context;
  switch (command.kind) {
    case "mkdir":
      return (path) => mkdir(path, command, files);
    case "chmod":
      return (path) => chmod(path, command, files);
    case "chown": {
      const owner = ownerOf(command.owner, context);
      return (path) => chown(path, owner, { command, context });
    }
    case "rm":
      return (path) => rm(path, command, files);
    case "rmdir":
      return (path) => rmdir(path, command, files);
    case "touch":
      return (path) => touch(path, command, files);
  }
}

function expandAll(words: readonly Word[], { files, process }: Context): string[] {
  return words.flatMap((word) => expandWord(word, files, process.home));
}

function mkdir(path: string, { parents, mode }: Command<"mkdir">, files: Files): void {
  // A mode is that of the folder; where it is symbolic, the umask counts as in chmod.
  const modeOf = (kept: number) => (mode === undefined ? 0o755 | kept : changeMode(mode, 0o777 | kept, true, UMASK));
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  if (!parents || trimmed === "") {
    trying(`cannot create directory '${path}'`, () => {
      const { path: place, node } = files.locate(trimmed, "keep");
      if (node !== undefined) throw new FileFailure("EEXIST");
      files.makeDirectory(place, modeOf);
    });
    return;
  }
  for (const { index } of trimmed.matchAll(/[^/]\/|[^/]$/g)) {
    const part = trimmed.slice(0, index + 1);
    const isLast = part === trimmed;
    trying(`cannot create directory '${isLast ? path : part}'`, () => {
      const { path: place, node } = files.locate(part, "keep");
      if (node === undefined) files.makeDirectory(place, isLast ? modeOf : (kept) => 0o755 | kept);
      else if (node.kind !== "directory" && files.locate(part, "follow").node?.kind !== "directory") {
        throw new FileFailure(isLast || node.kind === "symlink" ? "EEXIST" : "ENOTDIR");
      }
    });
  }
}

function chmod(path: string, command: Command<"chmod">, files: Files): void {
  const { change, recursive, strict } = command;
  if (isDangling(path, files)) throw new CommandFailure(`cannot operate on dangling symlink '${path}'`, "ENOENT");
  const { path: top, node } = trying(`cannot access '${path}'`, () => files.require(path, "follow"));
  const visit = (place: string, shown: string, isDirectory: boolean) => {
    trying(`changing permissions of '${shown}'`, () =>
      files.changeMode(place, (mode) => {
        const changed = changeMode(change, mode, isDirectory, UMASK);
        if (strict && (changed & ~changeMode(change, mode, isDirectory)) !== 0) {
          throw new FileFailure("EUMASK");
        }
        return changed;
      }),
    );
    if (!recursive || !isDirectory) return;
    for (const child of below(place, shown, files)) {
      // Links in a tree are left alone: they have no mode.
      if (child.node.kind !== "symlink") visit(child.path, child.shown, child.node.kind === "directory");
    }
  };
  visit(top, path, node.kind === "directory");
}

function chown(
  path: string,
  owner: Partial<Ownership>,
  { command, context }: { readonly command: Command<"chown">; readonly context: Context },
): void {
  const { files } = context;
  const { recursive, links } = command;
  const verb = !links && isDangling(path, files) ? "dereference" : "access";
  const { path: top } = trying(`cannot ${verb} '${path}'`, () => files.require(path, links ? "keep" : "follow"));
  const visit = (place: string, shown: string) => {
    const what = owner.uid === undefined && owner.gid !== undefined ? "group" : "ownership";
    trying(`changing ${what} of '${shown}'`, () => files.changeOwner(place, owner));
    if (!recursive || context.root.find(place)?.kind !== "directory") return;
    for (const child of below(place, shown, files)) visit(child.path, child.shown);
  };
  visit(top, path);
}

/** Whether a path is that of a link that leads to nothing. */
function isDangling(path: string, files: Files): boolean {
  try {
    return files.locate(path, "follow").node === undefined && files.locate(path, "keep").node !== undefined;
  } catch (error) {
    if (error instanceof FileFailure) return false;
    throw error;
  }
}

/** What is in a folder and of the image. */
function below(path: string, shown: string, files: Files) {
  return trying(`cannot read directory '${shown}'`, () => files.list(path)).flatMap((name) => {
    const child = path === "" ? name : `${path}/${name}`;
    if (isMounted(child)) return [];
    const { node } = trying(`cannot access '${shown}'`, () => files.require(`/${child}`, "keep"));
    return [{ path: child, node, shown: `${shown.replace(/\/$/, "")}/${name}` }];
  });
}

function ownerOf({ user, group, loginGroup, dotted }: OwnerChange, { root, where }: Context): Partial<Ownership> {
  const whole = dotted === undefined ? undefined : accountOf(dotted, root);
  if (whole !== undefined) return { uid: whole.uid };
  const gid = group === undefined ? undefined : resolveOwner({ user: 0, group }, root, where).gid;
  if (user === undefined) return gid === undefined ? {} : { gid };
  const { uid } = resolveOwner({ user }, root, where);
  if (gid !== undefined) return { uid, gid };
  if (!loginGroup) return { uid };
  const account = accountOf(user, root);
  if (account !== undefined) return { uid, gid: account.gid };
  throw new AircrateError("input", `chown ${user}: is for a user with a primary group`, {
    where,
    reason: `the image's /etc/passwd has no user ${user}`,
    hint: "write the group behind the colon",
  });
}

function ln(command: Command<"ln">, context: Context): void {
  const folders = expandAll([command.folder ?? []].flat(), context);
  if (folders.length > 1) throw new CommandFailure("several target directories", "EINVAL");
  makeLinks(command, expandAll(command.operands, context), folders[0], context.files);
}

function touch(path: string, { create }: Command<"touch">, files: Files): void {
  trying(`cannot touch '${path}'`, () => {
    const { path: place, node } = files.locate(path, "follow");
    if (node !== undefined) files.touch(place);
    else if (create) files.makeFile(place);
  });
}
