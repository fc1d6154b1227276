import type { AppIdentity } from "../app/names.ts";
import { AircrateError, findingLine } from "../error.ts";
import type { ReadOptions } from "../inspect/inspect.ts";
import { type Verification, verifyFile } from "../verify/verify.ts";
import type { DeviceState } from "./rule.ts";

/** An earlier version of an application: what a device that runs it has. */
export interface EarlierVersion {
  readonly version: string;
  readonly images: DeviceState["images"];
}

/**
 * Reads the package of an earlier version. It may be thin itself: whoever runs it has what it left out, too.
 *
 * @param app the application that is built
 * @throws AircrateError unreachable: the file cannot be read; as {@link earlierVersion}
 */
export async function readEarlierVersion(
  file: string,
  app: AppIdentity,
  options: ReadOptions = {},
): Promise<EarlierVersion> {
  return earlierVersion(await verifyFile(file, options), app);
}

/**
 * What a device has by a package that was read already.
 *
 * @throws AircrateError integrity: the file is not right; input: it is no package, or not one of an earlier version of
 *   this application
 */
export function earlierVersion(
  { inspection, problems }: Pick<Verification, "inspection" | "problems">,
  { slug, version }: AppIdentity,
): EarlierVersion {
  const { file, artifact, images } = inspection;
  if (artifact === undefined) {
    throw new AircrateError("input", "is not a package of an application", {
      where: file,
      hint: "--since takes the .auterionos file of an earlier version",
    });
  }
  if (problems.length > 0) {
    throw new AircrateError("integrity", "the file of the earlier version is not right", {
      where: file,
      reason: problems.slice(0, MAX_REASONS).map(findingLine),
      hint: "an update can only build on a version that devices could install",
    });
  }
  const found = artifact.provides[`docker-app.${slug}.version`];
  if (found === undefined) {
    throw new AircrateError("input", `is not a version of ${slug}`, {
      where: file,
      reason: `it is ${artifact.name ?? "without name"}`,
    });
  }
  if (found === version) {
    throw new AircrateError("input", `is version ${version}, the one that is built`, {
      where: file,
      reason: "a device tells versions apart by their names, and could not tell this update from what it goes onto",
      hint: "give the update another app-version, or --app-version",
    });
  }
  return { version: found, images: images.map(({ layers }) => layers.map(({ diffId }) => diffId!)) };
}

const MAX_REASONS = 20;
