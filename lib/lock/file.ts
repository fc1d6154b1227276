import path from "node:path";
import { decodeJson, SpecError } from "../../spec/decode.ts";
import { Lock } from "../../spec/lock.ts";
import { compareBytes } from "../bytes.ts";
import { AircrateError, systemCode } from "../error.ts";
import { writeOutput } from "../output.ts";
import { formatReference, parseReference } from "../reference.ts";
import { parseRemote } from "../remote/address.ts";
import { decodeYaml } from "../yaml/decode.ts";
import { readSmallFile } from "../yaml/file.ts";
import { problemsError } from "../yaml/problems.ts";
import { MAX_YAML_SIZE, readYaml } from "../yaml/read.ts";
import { child } from "../yaml/value.ts";

export const LOCK_NAME = "aircrate.lock";

/** Path of the lock file of a project folder, as the user gave that. */
export function lockFile(dir: string): string {
  return path.join(dir, LOCK_NAME);
}

/**
 * Reads the lock file of a project folder.
 *
 * @returns undefined when there is none
 * @throws AircrateError as {@link readLockFile}
 */
export async function readLock(dir: string): Promise<Lock | undefined> {
  try {
    return await readLockFile(lockFile(dir));
  } catch (error) {
    if (error instanceof AircrateError && systemCode(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Reads a lock file. It is JSON, which is also YAML: only when something is wrong with it, the slower reader of that
 * finds the line.
 *
 * @throws AircrateError input, at its line; unreachable when it cannot be read
 */
export async function readLockFile(file: string): Promise<Lock> {
  const bytes = await readSmallFile(file, { name: file, limit: MAX_YAML_SIZE });
  const lock = await decodeLock(bytes, file);
  const wrong = Object.entries(lock.images).flatMap(([name, { index, platforms }]) =>
    Object.entries(platforms).flatMap(([platform, { manifest }]) => {
      const message = referenceProblem(name, (index ?? manifest).digest);
      return message === undefined ? [] : [{ keys: ["images", name, "platforms", platform], message }];
    }),
  );
  for (const [digest, { url }] of Object.entries(lock.files ?? {})) {
    const message = addressProblem(url);
    if (message !== undefined) wrong.push({ keys: ["files", digest, "url"], message });
  }
  if (wrong.length === 0) return lock;
  const { locate } = await readYaml(file);
  throw problemsError(
    file,
    wrong.map(({ keys, message }) => ({ line: locate(keys.reduce(child, "")), message })),
  );
}

async function decodeLock(bytes: Uint8Array, file: string): Promise<Lock> {
  try {
    return decodeJson(Lock, bytes);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    checkConflict(bytes, file);
    return decodeYaml(Lock, await readYaml(file));
  }
}

/** For YAML, the marks of a conflict may be part of a text. */
function checkConflict(bytes: Uint8Array, file: string): void {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const line = lines.findIndex((text) => text.startsWith("<<<<<<< "));
  if (line < 0) return;
  throw new AircrateError("input", "the lock file holds a merge conflict", {
    where: `${file}:${line + 1}`,
    hint: "keep one side of it, and run aircrate lock",
  });
}

/** A lock may not give another meaning to what says by itself what it means. */
function referenceProblem(name: string, root: string): string | undefined {
  let full: string;
  let digest: string | undefined;
  try {
    const reference = parseReference(name);
    full = formatReference(reference);
    digest = reference.digest;
  } catch (error) {
    return (error as AircrateError).reason.join("; ");
  }
  if (full !== name) return `the reference is not in full: ${full}`;
  return digest === undefined || digest === root
    ? undefined
    : `the reference names ${digest}, and is locked to ${root}`;
}

function addressProblem(url: string): string | undefined {
  try {
    parseRemote(url, "");
    return undefined;
  } catch (error) {
    return (error as AircrateError).what;
  }
}

/**
 * Writes the lock file; what is the same already is left alone.
 *
 * @returns whether it was written
 * @throws AircrateError unreachable
 */
export async function writeLock(dir: string, lock: Lock): Promise<boolean> {
  const file = lockFile(dir);
  const bytes = formatLock(lock);
  const before = await readSmallFile(file, { name: file, limit: MAX_YAML_SIZE }).catch(() => undefined);
  if (before !== undefined && Buffer.compare(before, bytes) === 0) return false;
  await writeOutput(file, (handle) => handle.writeFile(bytes));
  return true;
}

/** The same lock gives the same bytes: keys are sorted, and each blob's facts stand on lines of their own. */
export function formatLock({ version, images, files = {} }: Lock): Uint8Array {
  const named = Object.keys(files).length > 0;
  const document = { version, images: sorted(images), ...(named && { files: sorted(files) }) };
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`, "utf8");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
