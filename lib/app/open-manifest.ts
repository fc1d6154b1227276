import { join } from "node:path";
import { AuterionApp, AuterionApp0, TAG } from "../../spec/auterion-app.ts";
import { AircrateError } from "../error.ts";
import { readYaml, type YamlDocument } from "../yaml/read.ts";
import { isMap, type JsonValue, mapOf } from "../yaml/value.ts";

export const MANIFEST_NAME = "auterion-app.yml";
/** The Compose file of packages before there was a manifest. */
export const APP_YML_NAME = "app.yml";

export interface ManifestOptions {
  /** Build for the simulation, whatever `target-platform` says. */
  readonly simulation?: boolean;
  /** Takes the place of `app-version`. */
  readonly appVersion?: string;
}

/**
 * The manifest of a folder as a document with the overrides in place, not yet checked against its schema.
 *
 * @throws AircrateError as `readAppManifest`
 */
export async function openManifest(dir: string, options: ManifestOptions): Promise<YamlDocument> {
  return applyOverrides(await readYaml(join(dir, MANIFEST_NAME)), options);
}

/** The schema of a manifest's API version. What says none and has its services below `compose` was written for 0. */
export function manifestSchema({ value }: YamlDocument): typeof AuterionApp | typeof AuterionApp0 {
  if (!isMap(value)) return AuterionApp;
  const version = value["auterion-api-version"];
  const services = value.services ?? value.compose;
  return version === 0 || (version === undefined && services === value.compose) ? AuterionApp0 : AuterionApp;
}

function applyOverrides(document: YamlDocument, { simulation, appVersion }: ManifestOptions): YamlDocument {
  checkVersion(appVersion);
  if (!isMap(document.value)) return document;
  const changes: [string, JsonValue][] = [];
  if (appVersion !== undefined) changes.push(["app-version", appVersion]);
  if (simulation === true) changes.push(["target-platform", "simulation"]);
  return { ...document, value: mapOf([...Object.entries(document.value), ...changes]) };
}

/** @throws AircrateError usage: the version that was given is no legal tag */
export function checkVersion(appVersion: string | undefined): void {
  if (appVersion === undefined || new RegExp(TAG).test(appVersion)) return;
  throw new AircrateError("usage", `the version "${appVersion}" is not a legal tag of an image`, {
    hint: "use up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
  });
}
