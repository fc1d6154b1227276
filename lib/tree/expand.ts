import path from "node:path";
import { AircrateError } from "../error.ts";
import { compileGlob } from "./glob.ts";
import { WILDCARD } from "./source.ts";

/** How a pattern looks into a tree. Paths are relative to its top, clean. */
export interface Lookup {
  /** The path that links lead to, the last one too; it lies in the tree. @throws AircrateError input */
  follow(relative: string): string;
  isFolder(relative: string): boolean;
  /** Names in a folder, in the order of their bytes. */
  list(relative: string): readonly string[];
}

/**
 * The paths that a cleaned source stands for; without wildcards that is the source itself, whether it exists or not.
 *
 * Patterns are expanded part by part, so that only folders that can match are read. As by BuildKit, links are followed on
 * the way to the first part with a wildcard, but not from there on.
 *
 * @throws AircrateError input for a malformed pattern
 */
export function expandSource(source: string, where: string, { follow, isFolder, list }: Lookup): string[] {
  if (!WILDCARD.test(source)) return [source];
  const parts = source.split("/");
  const wild = parts.findIndex((part) => WILDCARD.test(part));
  const front = parts.slice(0, wild).join("/");
  const start = follow(front);
  let found = [""];
  for (const part of parts.slice(wild)) {
    const matches = compile(part, source, where);
    found = found.flatMap((below) => {
      const real = joinPath(start, below);
      return isFolder(real) ? list(real).flatMap((child) => (matches(child) ? joinPath(below, child) : [])) : [];
    });
  }
  return found.map((below) => joinPath(front, below));
}

function compile(part: string, pattern: string, where: string): (name: string) => boolean {
  try {
    return compileGlob(part);
  } catch (error) {
    throw new AircrateError("input", `the pattern ${JSON.stringify(pattern)} is malformed`, {
      where,
      reason: (error as Error).message,
    });
  }
}

/**
 * Sources are relative to the top even with a leading slash, and `..` does not lead out of it.
 *
 * @param outside where a source is that does, and what to do
 * @throws AircrateError input
 */
export function cleanSource(source: string, where: string, outside: { of: string; hint: string }): string {
  const climbs = path.posix.normalize(source.replace(/^\/+/, ""));
  if (climbs === ".." || climbs.startsWith("../")) {
    throw new AircrateError("input", `the source ${source} lies outside ${outside.of}`, { where, hint: outside.hint });
  }
  return path.posix.normalize(`/${source}`).slice(1).replace(/\/$/, "");
}

export function joinPath(folder: string, below: string): string {
  return folder === "" || below === "" ? folder + below : `${folder}/${below}`;
}
