import type { Write } from "../lib/archive/pieces.ts";
import { AircrateError } from "../lib/error.ts";

/**
 * Standard output for bytes.
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
      process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}
