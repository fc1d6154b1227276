import { join } from "node:path";
import { AircrateError } from "../error.ts";
import { readSmallFile } from "../yaml/file.ts";
import { type JsonMap, type JsonValue, mapOf, type YamlKinds } from "../yaml/value.ts";
import { writeYaml } from "../yaml/write.ts";
import { legacyCompose } from "./app-yml.ts";
import { exists, insideProject } from "./files.ts";
import { messagesTar } from "./logging-tar.ts";
import type { AppManifest } from "./manifest.ts";
import { imagePayloadName } from "./names.ts";
import { APP_YML_NAME, MANIFEST_NAME } from "./open-manifest.ts";

/** A file of the package's payload: small ones with their content, and the place of the archive of images. */
export type PayloadFile =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly image: true };

export const SETTINGS_NAME = "settings.default.env";
const MAX_SETTINGS = 1024 * 1024;

/** Where the packaged Compose file comes from, in later API versions and in 0. */
const COMPOSE = /^\/compose(?:-override)?(?=\/)/;

/** Older systems check `target-platform` of the packaged manifest, and know this one device. */
const LAST_API_WITHOUT_TARGETS = 4;
/** Later ones make the Compose file on the device. */
const LAST_API_WITH_COMPOSE = 1;

/**
 * The payload files in the order of Auterion's tool for the API version of the manifest. A project that has only an
 * `app.yml` gets those of its first public version.
 *
 * @param options `epoch`: seconds since 1970, the time of entries in tar files
 * @throws AircrateError input: settings or messages cannot be used
 */
export async function payloadFiles(manifest: AppManifest, options: { readonly epoch: number }): Promise<PayloadFile[]> {
  const { apiVersion, appYml, directory, messagePaths, slug, version } = manifest;
  if (appYml !== undefined) {
    return [
      text(APP_YML_NAME, appYml),
      text("version", version),
      { name: imagePayloadName(slug), image: true },
      text("settings.default.yml", ""),
      text(MANIFEST_NAME, packagedManifest(manifest)),
    ];
  }
  const messages = await messagesTar({ directory, paths: messagePaths, epoch: options.epoch });
  const files: PayloadFile[] = [
    text(MANIFEST_NAME, packagedManifest(manifest)),
    { name: imagePayloadName(slug), image: true },
    text("version", version),
    { name: SETTINGS_NAME, bytes: await settings(manifest) },
    text("settings.user.env", ""),
  ];
  if (messages !== undefined) files.push({ name: "logging-msg-files.tar", bytes: messages });
  if (apiVersion <= LAST_API_WITH_COMPOSE)
    files.push(text(APP_YML_NAME, writeYaml(legacyCompose(manifest), composeKinds(manifest.kinds))));
  return files;
}

/** The manifest as the package holds it. */
function packagedManifest({ apiVersion, document, kinds }: AppManifest): string {
  const changes: [string, JsonValue][] =
    apiVersion <= LAST_API_WITHOUT_TARGETS ? [["target-platform", ["skynode"]]] : [];
  return writeYaml(mapOf([...Object.entries(document), ...changes]) satisfies JsonMap, kinds);
}

/** The settings of the project, or an empty file where it has none. */
async function settings({ directory, file }: AppManifest): Promise<Uint8Array> {
  const name = file.slice(0, -MANIFEST_NAME.length) + SETTINGS_NAME;
  if (!(await exists(join(directory, SETTINGS_NAME)))) return new Uint8Array();
  const checked = await insideProject(directory, SETTINGS_NAME);
  if ("refused" in checked) throw new AircrateError("input", checked.refused, { where: name });
  return readSmallFile(checked.path, { name, limit: MAX_SETTINGS });
}

/** Pointers into the merged Compose file. What it has from elsewhere in the manifest is text. */
function composeKinds(kinds: YamlKinds): YamlKinds {
  const moved = (pointers: ReadonlySet<string>) =>
    new Set([...pointers].filter((one) => COMPOSE.test(one)).map((one) => one.replace(COMPOSE, "")));
  return { floats: moved(kinds.floats), integerKeys: moved(kinds.integerKeys) };
}

function text(name: string, content: string): PayloadFile {
  return { name, bytes: Buffer.from(content, "utf8") };
}
