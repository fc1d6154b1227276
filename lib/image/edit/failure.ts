import { type Errno, FileFailure } from "./errno.ts";

/** A command that fails: `message` is what GNU coreutils say, without the name of the program in front. */
export class CommandFailure extends Error {
  readonly code: Errno;

  constructor(message: string, code: Errno) {
    super(message);
    this.code = code;
  }
}

/**
 * Runs an operation; what goes wrong in it is told of `what`, which may follow from the failure.
 *
 * @throws CommandFailure
 */
export function trying<T>(what: string | ((failure: FileFailure) => string), action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof FileFailure)) throw error;
    const subject = typeof what === "string" ? what : what(error);
    throw new CommandFailure(`${subject}: ${error.message}`, error.code);
  }
}
