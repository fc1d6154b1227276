import type { Word } from "../../dockerfile/types.ts";
import { compileGlob } from "../../tree/glob.ts";
import { FileFailure } from "./errno.ts";
import type { Files } from "./files.ts";

/** A word that a program would read otherwise than it is meant: a name that begins with a dash. */
export class MisreadName extends Error {}

/**
 * The words that a word comes to with the files as they are: a pattern becomes the names that it matches, in the order of
 * their bytes; one that matches nothing stays as it is written. Names that begin with a dot are matched by a pattern that
 * does (POSIX.1-2017, "Pattern Matching Notation").
 *
 * @throws MisreadName
 */
export function expandWord({ text, home, parts }: Word, files: Files, homeFolder: string): string[] {
  const base = home ? homeFolder : "";
  if (parts === undefined) return [base + text];
  let found = [base];
  for (const [index, part] of parts.entries()) {
    const { glob } = part;
    found = found.flatMap((front) => {
      const before = index === 0 ? front : `${front}/`;
      if (glob === undefined) return [before + part.text];
      const matches = compileGlob(glob);
      const names = namesIn(before === "" ? "." : before, files);
      return names
        .filter((name) => matches(name) && (!name.startsWith(".") || glob.startsWith(".")))
        .map((name) => before + name);
    });
  }
  const present = found.filter((path) => exists(path, files));
  const misread = present.find((path) => path.startsWith("-"));
  if (misread !== undefined) throw new MisreadName(`${text} matches ${misread}, which would be read as an option`);
  return present.length > 0 ? present : [base + text];
}

function namesIn(path: string, files: Files): string[] {
  return attempt(() => files.list(files.require(path, "follow").path)) ?? [];
}

function exists(path: string, files: Files): boolean {
  return attempt(() => files.require(path, "keep")) !== undefined;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof FileFailure) return undefined;
    throw error;
  }
}
