import { isAppBaseVersion } from "../app/app-base.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { Elsewhere } from "../import/layer.ts";
import { archiveOf } from "../import/members.ts";
import { type ImportImage, selectImages } from "../import/select.ts";
import type { ArchiveScan, Member } from "../inspect/archive.ts";
import { type FoundFile, readFinished } from "../inspect/inspect.ts";
import type { FileScan } from "../inspect/scan.ts";
import { createFindings } from "../verify/findings.ts";
import { checkChecksums } from "../verify/manifest.ts";

/** A finished file that was found right, to take images or parts of them out of it. */
export interface Source {
  readonly found: FoundFile;
  readonly images: readonly ImportImage[];
  /** The file that holds a layer of the images: the source itself, or one that has what it leaves out. */
  holderOf(member: Member): Holder;
}

export interface Holder {
  readonly scan: FileScan;
  readonly archive: ArchiveScan;
}

export interface SourceOptions {
  /** Files that have the layers that a thin one leaves out. */
  readonly with?: readonly string[] | undefined;
  /** Lists what is in the layers. */
  readonly lists?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a file of the kinds that `inspect` reads and proves its images: every digest, every diffID, and the checksums of
 * an artifact. It is read once; memory does not grow with it, but for the lists.
 *
 * @throws AircrateError unreachable: a file cannot be read; input: it is none of these, layers are in none of the files;
 *   integrity: it is damaged or incomplete
 */
export async function readSource(file: string, options: SourceOptions): Promise<Source> {
  const { with: others = [], ...how } = options;
  const found = await readFinished(file, how);
  const archive = archiveOf(found.scan);
  const elsewhere = new Map<Digest, Member>();
  const holders = new Map<Member, Holder>();
  for (const other of others) {
    const given = await readFinished(other, how);
    const holder = { scan: given.scan, archive: archiveOf(given.scan) };
    for (const { diffId, member } of given.images?.images.flatMap(({ layers }) => layers) ?? []) {
      if (diffId === undefined || member?.blob?.diffId !== diffId || elsewhere.has(diffId)) continue;
      elsewhere.set(diffId, member);
      holders.set(member, holder);
    }
  }
  requireLayers(found, elsewhere);
  const images = selectImages(archive, { file, faults: artifactFaults(found), elsewhere });
  const own = { scan: found.scan, archive };
  return { found, images, holderOf: (member) => holders.get(member) ?? own };
}

function artifactFaults({ scan }: FoundFile) {
  if (!("artifact" in scan)) return [];
  const findings = createFindings();
  findings.problems(scan.artifact.faults);
  checkChecksums(scan.artifact, findings);
  return findings.result().problems;
}

/** @throws AircrateError input when a file that may leave out layers does so, and nobody else has them */
function requireLayers({ inspection, header, archive }: FoundFile, elsewhere: Elsewhere): void {
  const { file, app, images } = inspection;
  const base = app?.appBase ?? "";
  const ofBase = isAppBaseVersion(base) ? `app-base ${base}` : undefined;
  const missing = new Map<string, string>();
  for (const { missing: isMissing, diffId, from = ofBase } of images.flatMap(({ layers }) => layers)) {
    if (!isMissing || diffId === undefined || from === undefined || elsewhere.has(diffId)) continue;
    missing.set(diffId, from);
  }
  // Of an archive that ends early, layers are missing in another way.
  if (missing.size === 0 || archive?.faults.length !== 0) return;
  throw new AircrateError("input", "it leaves out layers, which the device has", {
    where: file,
    reason: [...missing].map(([diffId, from]) => `${diffId} is in ${from}`),
    hint: [
      "give the files that have them by --with: the full package of that version, or the base image",
      ...(header?.thin !== undefined ? ["or make the full package first: aircrate thicken"] : []),
    ],
  });
}
