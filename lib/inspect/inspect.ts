import type { Finding, InspectedArtifact, InspectedImage, Inspection } from "../../spec/inspection.ts";
import { type FoundApp, readPackagedApp } from "./app.ts";
import type { ArchiveScan } from "./archive.ts";
import { type ArtifactScan, payloadFolder } from "./artifact.ts";
import { describeArtifact, type HeaderDocuments, headerFaults, payloadOf, readHeaderDocuments } from "./header.ts";
import { describeImages } from "./image-facts.ts";
import { type FoundImages, findImages } from "./images.ts";
import type { BudgetOptions } from "./limits.ts";
import { type FileScan, scanFile } from "./scan.ts";

/** A file as it was read, and what follows from that alone. */
export interface FoundFile {
  readonly scan: FileScan;
  readonly header?: HeaderDocuments;
  readonly archive?: ArchiveScan;
  readonly images?: FoundImages;
  readonly app?: FoundApp;
  readonly inspection: Inspection;
}

export interface ReadOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What is in a finished file: a Mender artifact with an application (`.auterionos`) or without, a docker-archive of any
 * writer, or an OCI image layout in a tar file or a folder. The file is read once; memory does not grow with it. What is
 * damaged or missing is named in `faults`, and everything else is shown as far as it can be read.
 *
 * @throws AircrateError unreachable: the file does not exist or cannot be read; input: it is none of these; integrity: it
 *   is so damaged that nothing can be said about it; the reason of the signal
 */
export async function inspectFile(file: string, options: ReadOptions = {}): Promise<Inspection> {
  return (await readFinished(file, options)).inspection;
}

/** As {@link inspectFile}, with everything that verifying needs. */
export async function readFinished(file: string, options: BudgetOptions = {}): Promise<FoundFile> {
  const scan = await scanFile(file, options);
  const artifact = "artifact" in scan ? scan.artifact : undefined;
  const archive = "archive" in scan ? scan.archive : artifact && imagesOf(artifact);
  const images = archive && findImages(archive);
  const header = artifact && readHeaderDocuments(artifact);
  const leftOut = leftOutOf(header);
  const described = archive && images ? describeImages(archive, images.images, leftOut) : [];
  const app = artifact && readApp(artifact, described);
  const about = artifact && header && describeArtifact(artifact, header);
  const inspection: Inspection = {
    file,
    kind: kindOf(scan, about),
    form: scan.form,
    ...(about && { artifact: about }),
    ...(app && { app: app.description }),
    images: described,
    totals: totalsOf(scan.size, described, archive),
    faults: limit([
      ...(artifact?.faults ?? []),
      ...(header ? headerFaults(header) : []),
      ...(app?.faults ?? []),
      ...(archive?.faults ?? []),
      ...(images ? imageFaults(images, leftOut) : []),
    ]),
  };
  return {
    scan,
    inspection,
    ...(header && { header }),
    ...(archive && { archive }),
    ...(images && { images }),
    ...(app && { app }),
  };
}

const MAX_FAULTS = 200;

function limit(faults: readonly Finding[]): Finding[] {
  if (faults.length <= MAX_FAULTS) return [...faults];
  const rest = { where: "file", message: `${faults.length - MAX_FAULTS} more faults` };
  return [...faults.slice(0, MAX_FAULTS), rest];
}

/** The archive of images in a payload; that there is one and no more is for verifying. */
function imagesOf(artifact: ArtifactScan): ArchiveScan | undefined {
  return payloadOf(artifact).find(({ archive }) => archive !== undefined)?.archive;
}

function readApp(artifact: ArtifactScan, images: readonly InspectedImage[]): FoundApp | undefined {
  for (const name of ["auterion-app.yml", "app.yml"]) {
    for (const { name: tar, members } of artifact.data) {
      const file = members.find((member) => member.name === name);
      if (file !== undefined) return readPackagedApp(file, { where: `${payloadFolder(tar)}${name}`, images });
    }
  }
  return undefined;
}

/** A Mender artifact holds an application when it has what AuterionOS looks for. */
function kindOf(scan: FileScan, artifact: InspectedArtifact | undefined): Inspection["kind"] {
  if ("archive" in scan) return scan.archive.members.has("manifest.json") ? "docker-archive" : "oci";
  const names = payloadOf(scan.artifact).map(({ name }) => name);
  const application =
    names.some((name) => name === "auterion-app.yml" || name.endsWith(".image")) ||
    Object.keys(artifact?.provides ?? {}).some((key) => key.startsWith("docker-app."));
  return application ? "auterionos" : "mender";
}

/** @param size of the whole file */
export function totalsOf(
  size: number,
  images: readonly InspectedImage[],
  archive?: Pick<ArchiveScan, "plainSize">,
): Inspection["totals"] {
  const layers = new Map(images.flatMap((image) => image.layers.map(({ path, size = 0 }) => [path, size] as const)));
  return {
    file: size,
    ...(archive?.plainSize !== undefined && { archive: archive.plainSize }),
    layers: [...layers.values()].reduce((sum, size) => sum + size, 0),
    layersApart: images.reduce((sum, { ownSize, sharedSize }) => sum + ownSize + sharedSize, 0),
  };
}

/** Who has the layers that a thin artifact leaves out, by diffID. */
function leftOutOf(header: HeaderDocuments | undefined): ReadonlyMap<string, string> {
  const layers = header?.thin !== undefined && "value" in header.thin ? header.thin.value.layers : [];
  return new Map(layers.flatMap(({ diffId, from }) => (from === undefined ? [] : [[diffId, from] as const])));
}

/** What the documents of the archive say and the archive does not hold, unless it says that it leaves it out. */
function imageFaults({ images, faults }: FoundImages, leftOut: ReadonlyMap<string, string>): Finding[] {
  const found = [...faults];
  for (const { where, config, layers } of images) {
    found.push(...config.faults);
    for (const [i, { member, path, diffId = "" }] of layers.entries()) {
      const layer = `${where}, layer ${i + 1}`;
      if (path === undefined) continue;
      if (member === undefined) {
        if (!leftOut.has(diffId)) found.push({ where: layer, message: `${path} is not in the archive` });
      } else if (member.blob?.fault !== undefined)
        found.push({ where: layer, message: `${member.name}: ${member.blob.fault}` });
    }
  }
  return found;
}
