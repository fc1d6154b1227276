import type { Inspection } from "../../spec/inspection.ts";
import { isAppBaseVersion } from "../app/app-base.ts";
import { AircrateError, findingLine } from "../error.ts";
import { type FoundFile, type ReadOptions, readFinished } from "../inspect/inspect.ts";
import type { VerifyKey } from "../keys/public-key.ts";
import { checkArchive } from "./archive.ts";
import { checkArtifact } from "./artifact.ts";
import { createFindings, type FoundFindings } from "./findings.ts";
import type { GivenFile } from "./given.ts";
import { checkHeader } from "./header.ts";
import { checkImages } from "./images.ts";
import { checkIndex } from "./oci.ts";
import { checkPackage } from "./package.ts";
import { checkSignature } from "./signature.ts";
import { checkThin } from "./thin.ts";

export interface VerifyOptions extends ReadOptions {
  /** Public keys of which one must have signed the artifact; default none, and then the signature is not asked for. */
  readonly keys?: readonly VerifyKey[];
  /** Files that the device has, of the same kinds: they prove the layers that the file leaves out. */
  readonly with?: readonly string[];
}

export interface Verification extends FoundFindings {
  /** What was compared, for the report. */
  readonly checked: {
    /** Checksums in the manifest of a Mender artifact. */
    readonly checksums: number;
    readonly images: number;
    /** Layers whose diffID was computed, each once. */
    readonly layers: number;
  };
  readonly inspection: Inspection;
  /** The key that the artifact is signed with. */
  readonly signer?: VerifyKey;
}

/**
 * Proves a finished file, of the kinds that {@link inspectFile} reads: the container, every checksum and digest, every
 * reference between documents, and that the parts agree. All problems are collected. Nothing is changed, nothing is
 * loaded from elsewhere; the file is read once and memory does not grow with it.
 *
 * @throws AircrateError as {@link inspectFile}; integrity when a file of `with` has problems itself
 */
export async function verifyFile(file: string, options: VerifyOptions = {}): Promise<Verification> {
  const { keys = [], with: others = [], signal } = options;
  const given: GivenFile[] = [];
  for (const one of others) given.push(await readGiven(one, { signal }));
  return verifyFound(await readFinished(file, { signal }), { keys, given });
}

interface Proof {
  readonly keys?: readonly VerifyKey[];
  readonly given?: readonly GivenFile[];
}

/** As {@link verifyFile}, for a file that was read already. */
export function verifyFound(found: FoundFile, { keys = [], given = [] }: Proof = {}): Verification {
  const { scan, header, archive, images, app, inspection } = found;
  const findings = createFindings();
  const thin = header?.thin !== undefined && "value" in header.thin ? header.thin.value : undefined;
  let checksums = 0;
  if ("artifact" in scan) {
    const { artifact } = scan;
    if (scan.form === "tar+gzip")
      findings.problem("artifact", "the file is packed with gzip, and no client unpacks it");
    findings.problems(artifact.faults);
    checksums = checkArtifact(artifact, findings);
    if (header !== undefined) checkHeader(artifact, header, findings);
    if (inspection.kind === "auterionos") checkPackage(artifact, { inspection, app }, findings);
  }
  const signer = checkSignature("artifact" in scan ? scan.artifact : undefined, keys, findings);
  if (archive !== undefined && images !== undefined) {
    const base = inspection.app?.appBase ?? "";
    checkArchive(archive, inspection.kind, findings);
    checkImages(images, {
      ...{ archive, findings, given },
      appBase: isAppBaseVersion(base) ? base : undefined,
      leftOut: new Set(thin?.layers.flatMap(({ diffId, from }) => (from === undefined ? [] : diffId))),
    });
    if (thin !== undefined) {
      checkThin(thin, images.images, { artifact: inspection.artifact!, given, findings });
    }
    checkIndex(images, archive, findings);
  }
  const checked = { checksums, ...count(inspection) };
  return { ...findings.result(), checked, inspection, ...(signer && { signer }) };
}

async function readGiven(file: string, options: ReadOptions): Promise<GivenFile> {
  const { problems, inspection } = await verifyFile(file, options);
  if (problems.length > 0) {
    throw new AircrateError("integrity", "a file given by --with is not right", {
      where: file,
      reason: problems.map(findingLine),
    });
  }
  const layers = inspection.images.map((image) => image.layers);
  return {
    file,
    images: layers.map((image) => image.map(({ diffId = "" }) => diffId)),
    held: new Set(layers.flat().flatMap(({ diffId, missing }) => (missing === true ? [] : (diffId ?? [])))),
    provides: inspection.artifact?.provides ?? {},
  };
}

function count({ images }: Inspection): { images: number; layers: number } {
  const layers = new Set(
    images.flatMap((image) => image.layers.flatMap((layer) => (layer.plainSize === undefined ? [] : layer.path))),
  );
  return { images: images.length, layers: layers.size };
}
