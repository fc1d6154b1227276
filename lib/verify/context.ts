import { type ArchiveScan, cleanMemberName } from "../inspect/archive.ts";
import type { Findings } from "./findings.ts";
import type { GivenFile } from "./given.ts";

/** What the checks of images and layers share. */
export interface ImageContext {
  readonly archive: ArchiveScan;
  /** `auterion-app-base` of the manifest, when it names a version: layers of it may have been left out. */
  readonly appBase: string | undefined;
  /** DiffIDs of the layers that a thin artifact says it leaves out. */
  readonly leftOut: ReadonlySet<string>;
  /** What the device is said to have; none: what is left out cannot be proved. */
  readonly given: readonly GivenFile[];
  readonly findings: Findings;
}

/** What findings call the archive itself. */
export function ownName({ prefix }: ArchiveScan): string {
  return prefix === "" ? "archive" : prefix.slice(0, -1);
}

/** containerd cleans the names of members, but looks for paths as they are written. */
export function checkPath(path: string, where: string, findings: Findings): void {
  const clean = cleanMemberName(path);
  if (clean === undefined) findings.problem(where, `the path ${path} in manifest.json leaves the archive`);
  else if (clean !== path) {
    findings.warning(where, `the path ${path} in manifest.json is not a plain one: containerd and ctr do not find it`);
  }
}
