import type { FoundImage } from "../inspect/images.ts";
import { longestRun } from "../thin/rule.ts";
import type { Findings } from "./findings.ts";

/** A file that the device is said to have: its images, as they prove what another file leaves out. */
export interface GivenFile {
  readonly file: string;
  /** DiffIDs of its images, lowest layer first. */
  readonly images: readonly (readonly string[])[];
  /** Those of the layers that it holds itself. */
  readonly held: ReadonlySet<string>;
  /** What a device provides that installed it. */
  readonly provides: Readonly<Record<string, string>>;
}

/**
 * The layers that an image lacks are in the files that were given, on the same layers: that is how Docker looks for them.
 */
export function checkGiven({ where, layers }: FoundImage, given: readonly GivenFile[], findings: Findings): void {
  const diffIds = layers.map(({ diffId = "" }) => diffId);
  const runs = given.map(({ images }) => longestRun(diffIds, images));
  for (const [i, { path, member, diffId = "" }] of layers.entries()) {
    if (member !== undefined || path === undefined) continue;
    const layer = `${where}, layer ${i + 1}`;
    const having = given.filter((_, at) => i < runs[at]!);
    if (having.length === 0) {
      findings.problem(layer, `${path} is not in the archive, and no file given by --with has it on the same layers`);
    } else if (!given.some(({ held }) => held.has(diffId))) {
      findings.warning(layer, `${path} is not proved: ${having[0]!.file} leaves it out, too`);
    }
  }
}
