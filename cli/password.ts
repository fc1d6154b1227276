import { passwordError } from "./commands/login.ts";

/** Bytes of a password that comes on stdin. */
const MAX_PASSWORD = 64 * 1024;

/**
 * All of stdin but the end of its line.
 *
 * @param hint how to give a password, when this is none
 * @throws AircrateError usage
 */
export async function readPassword(hint?: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > MAX_PASSWORD) throw passwordError(`the password is larger than ${MAX_PASSWORD} bytes`, undefined, hint);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
