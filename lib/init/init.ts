import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import { AIRCRATE_NAME } from "../app/aircrate-yml.ts";
import { exists } from "../app/files.ts";
import { APP_YML_NAME, MANIFEST_NAME } from "../app/open-manifest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { newFiles } from "./files.ts";

export interface AppNames {
  /** Lower-case letters, digits, `-` and `_`, so that it can name a service and its image, too. */
  readonly name: string;
  /** Reverse domain name. */
  readonly author: string;
}

/** An application's name that is also a component of a repository (github.com/distribution/reference). */
const NAME = /^[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*$/;
const AUTHOR = /^[a-z]+(?:\.[a-z](?:[a-z0-9]|[_-](?=[a-z0-9]))*)*$/;
const MAX_LENGTH = 40;

/** Why a text cannot be the name of an application, or undefined. */
export function nameFault(name: string): string | undefined {
  return NAME.test(name) && name.length <= MAX_LENGTH
    ? undefined
    : `a name has up to ${MAX_LENGTH} lower-case letters and digits, with \`-\` and \`_\` between them`;
}

/** Why a text cannot be the author of an application, or undefined. */
export function authorFault(author: string): string | undefined {
  return AUTHOR.test(author) && author.length <= MAX_LENGTH
    ? undefined
    : `an author is a reverse domain name such as com.example, of up to ${MAX_LENGTH} characters`;
}

/** A name for the application in a folder, made of the folder's name. */
export function nameFor(dir: string): string {
  const name = path
    .basename(path.resolve(dir))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, "");
  return name === "" ? "app" : name;
}

/**
 * Writes a small application that can be built at once into a folder, which is made when it is not there.
 *
 * @returns the files that were written, as the user would name them
 * @throws AircrateError usage: name or author; input: the folder has a project, or one of the files, already: then none
 *   is written; unreachable: it cannot be written to
 */
export async function initProject(dir: string, names: AppNames): Promise<string[]> {
  const wrong = nameFault(names.name) ?? authorFault(names.author);
  if (wrong !== undefined) throw new AircrateError("usage", wrong);
  const files = newFiles(names);
  await requireNone(dir, files.keys());
  const written: string[] = [];
  for (const [name, text] of files) {
    const file = path.join(dir, name);
    await writeNew(file, text);
    written.push(file);
  }
  return written;
}

/** Demands that a folder holds no project and none of some files. @throws AircrateError input */
export async function requireNone(dir: string, files: Iterable<string> = []): Promise<void> {
  const taken: string[] = [];
  for (const name of new Set([MANIFEST_NAME, AIRCRATE_NAME, APP_YML_NAME, ...files])) {
    if (await exists(path.join(dir, name))) taken.push(name);
  }
  if (taken.length === 0) return;
  throw new AircrateError("input", "there is a project already, and nothing is overwritten", {
    where: dir,
    reason: taken.map((name) => `${name} exists`),
    hint: "name another folder: aircrate init FOLDER",
  });
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(file, "wx");
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new AircrateError("unreachable", "the file cannot be written", { where: file, reason: code, cause: error });
  }
}
