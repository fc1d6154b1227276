import { stat } from "node:fs/promises";
import { join } from "node:path";
import { API_VERSIONS, TAG } from "../../spec/auterion-app.ts";
import { AircrateError, systemCode } from "../error.ts";
import { readYaml, type YamlDocument } from "../yaml/read.ts";
import { isMap, type JsonValue, mapOf } from "../yaml/value.ts";
import { exists } from "./files.ts";

export const MANIFEST_NAME = "auterion-app.yml";

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
  const document = applyOverrides(await findManifest(dir), options);
  checkApiVersion(document);
  return document;
}

async function findManifest(dir: string): Promise<YamlDocument> {
  const file = join(dir, MANIFEST_NAME);
  if (await exists(file)) return readYaml(file);
  try {
    if (!(await stat(dir)).isDirectory()) {
      throw new AircrateError("input", "is not a folder", {
        where: dir,
        hint: `name the folder that holds ${MANIFEST_NAME}`,
      });
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    const what = code === "ENOENT" ? "no such folder" : "cannot be read";
    throw new AircrateError("unreachable", what, { where: dir, reason: code, cause: error });
  }
  const older = await exists(join(dir, "app.yml"));
  throw new AircrateError("input", `there is no ${MANIFEST_NAME} in this folder`, {
    where: dir,
    ...(older && { reason: "its app.yml is the older format of packages, which is not supported" }),
    hint: older
      ? `write an ${MANIFEST_NAME} with name, author, version, target and services; what app.yml says goes below compose-override`
      : `go to the folder that holds ${MANIFEST_NAME}, or name it`,
  });
}

function applyOverrides(document: YamlDocument, { simulation, appVersion }: ManifestOptions): YamlDocument {
  if (appVersion !== undefined && !new RegExp(TAG).test(appVersion)) {
    throw new AircrateError("usage", `the version "${appVersion}" is not a legal tag of an image`, {
      hint: "use up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
    });
  }
  if (!isMap(document.value)) return document;
  const changes: [string, JsonValue][] = [];
  if (appVersion !== undefined) changes.push(["app-version", appVersion]);
  if (simulation === true) changes.push(["target-platform", "simulation"]);
  return { ...document, value: mapOf([...Object.entries(document.value), ...changes]) };
}

/** Older manifests are told apart from wrong ones before the schema speaks. */
function checkApiVersion(document: YamlDocument): void {
  if (!isMap(document.value)) return;
  const version = document.value["auterion-api-version"];
  if (version !== 0 && document.value.compose === undefined) return;
  if (typeof version === "number" && version !== 0) return;
  const line = document.locate(version === 0 ? "/auterion-api-version" : "/compose");
  const { first, last } = API_VERSIONS;
  throw new AircrateError("input", "manifests of API version 0 are not supported", {
    where: `${document.file}:${line}`,
    reason: "they keep their services below `compose`",
    hint: `set auterion-api-version to ${first} or later (up to ${last}) and move what is below compose to services and compose-override`,
  });
}
