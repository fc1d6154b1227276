import type { Write } from "../lib/archive/pieces.ts";
import { AircrateError, systemCode } from "../lib/error.ts";

/** Whoever reads stdout, such as `head`, has seen enough. That is no fault. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** What an error of stdout means. */
export function stdoutError(error: Error): ReaderGone | AircrateError {
  if (systemCode(error) === "EPIPE") return new ReaderGone("nobody reads stdout any more");
  return new AircrateError("unreachable", "it cannot be written to", {
    where: "stdout",
    reason: error.message,
    cause: error,
  });
}

/**
 * Standard output for bytes. What it throws ends the command in order: nothing stays that is not to stay.
 *
 * @param what they are, for the error @param instead what to type
 * @throws AircrateError usage when it is a terminal, which bytes of files could steer
 */
export function stdoutWriter(what: string, instead: string): Write {
  if (process.stdout.isTTY) {
    throw new AircrateError("usage", `${what} is not written to a terminal`, {
      hint: `name a file with -o, or pipe it: ${instead}`,
    });
  }
  return (chunk) =>
    new Promise((resolve, reject) => {
      process.stdout.write(chunk, (error) => (error ? reject(stdoutError(error)) : resolve()));
    });
}
