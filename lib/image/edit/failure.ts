import { FileFailure } from "./errno.ts";

/** A command that fails: `message` says at what, in the words of GNU coreutils, `failure` why. */
export class CommandFailure extends Error {
  readonly failure: FileFailure;

  constructor(what: string, failure: FileFailure) {
    super(what);
    this.failure = failure;
  }
}

/** Runs an operation; what goes wrong in it is told of `what`. @throws CommandFailure */
export function trying<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof FileFailure ? new CommandFailure(what, error) : error;
  }
}
