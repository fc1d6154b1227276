import type { ThinForecast } from "../../spec/diff.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { composeArchive } from "../archive/compose.ts";
import { spliceArchive } from "../archive/splice.ts";
import { type Device, deviceState, thinArchive, thinHeader, thinOut } from "../build/thin.ts";
import type { Contents } from "../contents/contents.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { payloadOf } from "../inspect/header.ts";
import type { FoundFile } from "../inspect/inspect.ts";
import { SIGNATURE_MEMBER } from "../mender/documents.ts";
import { artifactSize, memberSize } from "../mender/write.ts";
import { headerOf, imagesOf, payloadWith } from "../thin/content.ts";
import { type Placement, placeLayers } from "../thin/rule.ts";
import { earlierVersion } from "../thin/since.ts";
import type { Verification } from "../verify/verify.ts";

/** Contents that were proved, if they are those of a file. */
export interface Proven {
  readonly contents: Contents;
  readonly verification?: Verification;
}

/**
 * Whether a device with the first version can be sent the second one as a thin update, by the rule of `build --since`, and
 * what that update would weigh. The size is exact where the second file is as `build` writes it.
 */
export function forecastThin(from: Proven, to: Proven): ThinForecast | undefined {
  const { inspection, found } = to.contents;
  if (inspection.artifact === undefined && from.contents.inspection.artifact === undefined) return undefined;
  const { slug, version } = inspection.app ?? {};
  if (found === undefined || slug === undefined || version === undefined) return notPossible(noPackage(to));
  if (from.verification === undefined) return notPossible(noPackage(from));
  try {
    const earlier = earlierVersion(from.verification, { slug, version });
    const states = [deviceState(earlier.version, earlier.images)];
    return forecast(found, { states, since: [earlier.version] });
  } catch (error) {
    if (!(error instanceof AircrateError)) throw error;
    return notPossible(error.message, ...error.reason);
  }
}

function noPackage({ contents }: Proven): string {
  return `${contents.name}: is not a package of an application`;
}

function notPossible(...why: string[]): ThinForecast {
  return { possible: false, why };
}

function forecast(found: FoundFile, device: Device): ThinForecast {
  const { images } = found.inspection;
  const placements = placeLayers(
    images.map(({ layers }) => layers.map(({ diffId }) => diffId!)),
    device.states,
  );
  const sizes = packedSizes(found);
  const estimates = estimateSizes(found);
  const total = (out: boolean) => {
    const layers = [...placements].filter(([, placement]) => placement.out === out);
    const size = layers.reduce((sum, [diffId]) => sum + (sizes.get(diffId) ?? estimates.get(diffId) ?? 0), 0);
    return { count: layers.length, size };
  };
  const [sent, leftOut] = [total(false), total(true)];
  const exact = exactSizes(found, { device, sizes, placements });
  const fullSize = exact?.fullSize ?? fullSizeOf(found);
  return {
    ...{ possible: true, why: [], since: device.since[0]! },
    ...{ size: exact?.size ?? Math.max(fullSize - leftOut.size, 0), exact: exact !== undefined, fullSize },
    ...{ sent, leftOut },
  };
}

/** Of the layers of which it is known what they are packed: in a row of gzip members, or by the record of a thin file. */
function packedSizes({ inspection, header }: FoundFile): Map<Digest, number> {
  const record = header?.thin !== undefined && "value" in header.thin ? header.thin.value : undefined;
  const layers = inspection.images.flatMap((image) => image.layers);
  return new Map([
    ...layers.flatMap(({ diffId, packedSize }) =>
      diffId === undefined || packedSize === undefined ? [] : [[diffId, packedSize] as const],
    ),
    ...(record?.layers ?? []).map(({ diffId, size }) => [diffId, size] as const),
  ]);
}

/** About what layers are packed that are packed together: documents hardly shrink, and all layers alike. */
function estimateSizes({ scan, archive, inspection }: FoundFile): Map<Digest, number> {
  const { images, totals } = inspection;
  const file = "artifact" in scan ? payloadOf(scan.artifact).find((one) => one.archive === archive) : undefined;
  const plain = archive?.plainSize ?? totals.layers;
  const packed = Math.max((file?.size ?? plain) - (plain - totals.layers), 0);
  return new Map(
    images.flatMap(({ layers }) =>
      layers.map(({ diffId = "", plainSize = 0 }) => {
        return [diffId, totals.layers === 0 ? 0 : Math.round((plainSize / totals.layers) * packed)];
      }),
    ),
  );
}

function fullSizeOf({ inspection, scan }: FoundFile): number {
  return inspection.artifact?.thin?.full.size ?? scan.size;
}

interface Known {
  readonly device: Device;
  readonly sizes: ReadonlyMap<Digest, number>;
  readonly placements: ReadonlyMap<Digest, Placement>;
}

/**
 * The sizes of the files that a build would write, by laying them out.
 *
 * @returns undefined when the file at hand is not laid out like that
 */
function exactSizes(
  found: FoundFile,
  { device, sizes, placements }: Known,
): { size: number; fullSize: number } | undefined {
  const layers = recordsOf(found, sizes);
  if (layers.size < placements.size) return undefined;
  try {
    const images = imagesOf(found, layers);
    const header = headerOf(found);
    const archive = composeArchive(images, "docker-archive", "plain");
    const sizeOf = (wholeHeader: typeof header, whole: typeof archive) =>
      artifactSize({ header: wholeHeader, payload: payloadWith(found, spliceArchive(whole)) });
    const unsigned = sizeOf(header, archive);
    const signature = signatureSize(found);
    const isThin = found.inspection.artifact?.thin !== undefined;
    if (unsigned + (isThin ? 0 : signature) !== fullSizeOf(found)) return undefined;
    const full = { size: unsigned, sha256: "0".repeat(64) };
    const thinned = thinOut(images, device, { full, imageGzip: "members" });
    const size = sizeOf(thinHeader(header, thinned), thinArchive(archive, thinned)) + signature;
    return { size, fullSize: unsigned + signature };
  } catch (error) {
    // It lacks what a build puts into its files: another tool wrote it.
    if (error instanceof AircrateError) return undefined;
    throw error;
  }
}

/** Records of the layers as far as sizes go. */
function recordsOf({ inspection }: FoundFile, sizes: ReadonlyMap<Digest, number>): Map<Digest, LayerRecord> {
  const records = new Map<Digest, LayerRecord>();
  for (const { diffId = "", plainSize = 0 } of inspection.images.flatMap(({ layers }) => layers)) {
    const size = sizes.get(diffId);
    if (size !== undefined) records.set(diffId, { version: 1, diffId, plainSize, digest: diffId, size, crc: 0 });
  }
  return records;
}

/** What a signature adds to the file. */
function signatureSize({ inspection }: FoundFile): number {
  const member = inspection.artifact?.members.find(({ name }) => name === SIGNATURE_MEMBER);
  return member === undefined ? 0 : memberSize(member.size);
}
