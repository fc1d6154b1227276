import { posix } from "node:path";
import type { EditCommand } from "../../dockerfile/types.ts";
import { AircrateError } from "../../error.ts";
import type { Known } from "../materials.ts";
import type { RootFs } from "../rootfs.ts";
import { runCommand } from "./commands.ts";
import { MisreadName } from "./expand.ts";
import { CommandFailure, trying } from "./failure.ts";
import { type Files, filesOf } from "./files.ts";
import { type Process, processOf } from "./process.ts";

export interface EditOptions {
  /** USER of the config: whom the commands run as. */
  readonly user: string;
  /** The folder that they run in, absolute. */
  readonly folder: string;
  /** What nodes of pulled layers are like. */
  readonly known: Known;
  /** `file:line`, for errors. */
  readonly where: string;
}

/**
 * Does the commands of a RUN to the root of an image, with the effect that a real RUN has: paths, modes under a umask of
 * 022, owners, link targets, and no more than the user may do.
 *
 * What ends as it was is left alone, so that it is not in the layer, as with drivers that compare before and after (vfs of
 * buildah). Overlay drivers, those of docker and buildah, also have files in the layer that a chmod or chown left as they
 * were; all have those of which a touch changed nothing but the time, which is the same for all files here.
 *
 * @throws AircrateError input when a command fails; the root is then changed in part
 */
export function applyEdits(commands: readonly EditCommand[], root: RootFs, options: EditOptions): void {
  const { user, where, folder } = options;
  const process = processOf(user, root, where);
  const files = filesIn(folder, root, process, options);
  /** As the shell names the working folder: `cd ..` goes back over a link. */
  let named = files.enter(folder);
  for (const command of commands) {
    try {
      if (command.kind === "cd") {
        const wanted = (command.folder.home ? process.home : "") + command.folder.text;
        named = posix.resolve(named, wanted);
        trying(`can't cd to ${wanted}`, () => files.enter(named));
      } else {
        runCommand(command, { files, root, process, where });
      }
    } catch (error) {
      throw failed(command, error, user, where);
    }
  }
}

/** Engines make the working folder where the image has none, for root. @throws AircrateError input */
function filesIn(folder: string, root: RootFs, process: Process, { known, where }: EditOptions): Files {
  try {
    const path = root.resolve(folder);
    if (root.find(path) === undefined) root.makeDirectory(path, { uid: 0, gid: 0 });
    return filesOf(root, process, { known, folder });
  } catch (error) {
    throw new AircrateError("input", `RUN cannot work in ${folder}`, {
      where,
      reason: (error as Error).message,
      hint: "choose its folder by WORKDIR",
      cause: error,
    });
  }
}

/** What mends the usual faults. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ["mkdir EEXIST", "mkdir -p takes what is there already"],
  ["mkdir ENOENT", "mkdir -p makes the folders above, too"],
  ["rm ENOENT", "rm -f takes it when nothing is there"],
  ["rm EISDIR", "rm -r removes folders"],
  ["rmdir ENOTEMPTY", "rm -r removes folders with what is in them"],
  ["ln EEXIST", "ln -sf replaces what is there"],
]);

function failed(command: EditCommand, error: unknown, user: string, where: string): unknown {
  const { name, text, kind } = command;
  if (error instanceof MisreadName) {
    return new AircrateError("input", `${text}: ${error.message}`, { where, hint: `write ./ in front of the pattern` });
  }
  if (!(error instanceof CommandFailure)) {
    if (error instanceof AircrateError) return error;
    return new AircrateError("input", `${text} fails`, { where, reason: (error as Error).message, cause: error });
  }
  const isRefused = error.code === "EACCES" || error.code === "EPERM";
  const hint = isRefused
    ? `it runs as USER ${user}: write "USER root" before it, or give files their owner by COPY --chown`
    : HINTS.get(`${kind} ${error.code}`);
  return new AircrateError("input", `${text} fails`, {
    where,
    reason: `${name}: ${error.message}`,
    ...(hint !== undefined && { hint }),
    cause: error,
  });
}
