import { join, resolve } from "node:path";
import { ComposeFile, type ComposeService } from "../../spec/compose.ts";
import { familiarReference, parseReference } from "../reference.ts";
import { decodeYaml } from "../yaml/decode.ts";
import { readSmallFile } from "../yaml/file.ts";
import { placedProblem, problemsError, type YamlProblem } from "../yaml/problems.ts";
import { decodeText, MAX_YAML_SIZE, parseYaml, type YamlDocument } from "../yaml/read.ts";
import { type JsonMap, type JsonValue, mapOf, type YamlKinds } from "../yaml/value.ts";
import type { AircrateConfig, LegacyIdentity } from "./aircrate-yml.ts";
import { readBuild } from "./build-source.ts";
import { dependenciesOf } from "./dependencies.ts";
import { resolveTargets, type Targets } from "./devices.ts";
import { type AppManifest, checkImageNames, readLaunchOrder } from "./manifest.ts";
import { archiveImageName } from "./names.ts";
import { APP_YML_NAME, checkVersion, type ManifestOptions } from "./open-manifest.ts";
import { placesOf, reporter } from "./places.ts";
import type { AppService } from "./service.ts";

/** What the packaging scripts of that time put the version in for. */
const VERSION_MARK = "#VERSION#";

/** The Compose file of a project as text and as a document. */
interface AppYml {
  readonly text: string;
  readonly document: YamlDocument;
}

/**
 * Reads `app.yml` of a project folder, with the version in its place.
 *
 * @throws AircrateError input; unreachable: there is none
 */
export async function openAppYml(dir: string, version: string): Promise<AppYml> {
  const file = join(dir, APP_YML_NAME);
  const bytes = await readSmallFile(file, { name: file, limit: MAX_YAML_SIZE });
  const text = decodeText(bytes, file).replaceAll(VERSION_MARK, version);
  return { text, document: parseYaml(text, file) };
}

/**
 * Reads a project from before there was a manifest: `app.yml`, a Compose file that names images, and `app` of
 * `aircrate.yml`, which says what the application is. An image is made as `aircrate.yml` says below the repository that
 * `app.yml` names, or below the service; else as `build` says; else it is pulled.
 *
 * @throws AircrateError input, unreachable: there is no app.yml; usage: the version given is no legal tag
 */
export async function readLegacyApp(
  dir: string,
  config: AircrateConfig,
  options: ManifestOptions = {},
): Promise<AppManifest> {
  const identity = config.app!;
  checkVersion(options.appVersion);
  const { name } = identity;
  const version = options.appVersion ?? identity.version;
  const targets = options.simulation === true ? ["simulation"] : identity.targets;
  // They were checked where they are written.
  const { deviceTypes, platform } = resolveTargets(targets) as Targets;
  const { text, document } = await openAppYml(dir, version);
  const { services } = decodeYaml(ComposeFile, document);
  const problems: YamlProblem[] = [];
  const found: AppService[] = [];
  for (const service of document.keys("/services")) {
    const read = await readService(service, services[service]!, { document, config, problems });
    if (read !== undefined) found.push(read);
  }
  if (problems.length > 0) throw problemsError(document.file, problems);
  checkImageNames(found, document, problems);
  const order = readLaunchOrder(found, document, problems);
  if (problems.length > 0) throw problemsError(document.file, problems);
  return {
    ...{ file: document.file, directory: resolve(dir), apiVersion: 0, author: identity.author ?? "", name, version },
    ...{ slug: name, appBase: "none", targets, deviceTypes, platform, services: found, launchOrder: order },
    messagePaths: [],
    document: manifestOf({ ...identity, version, targets }, document.value),
    kinds: kindsBelow("/compose", document),
    appYml: text,
    compose: document.value as JsonMap,
    warnings: document.warnings.map((warning) => placedProblem(document.file, warning)),
  };
}

interface ServiceContext {
  readonly document: YamlDocument;
  readonly config: AircrateConfig;
  readonly problems: YamlProblem[];
}

async function readService(
  name: string,
  service: ComposeService,
  { document, config, problems }: ServiceContext,
): Promise<AppService | undefined> {
  const before = problems.length;
  const places = placesOf(name, document);
  const report = reporter({ document, problems });
  if (service.image === undefined) {
    report(places.service, "the service has no `image`", "name it: the device looks the image up by its name");
    return undefined;
  }
  const image = archiveImageName(service.image);
  if ("fault" in image) report(places.of("image"), image.fault, image.hint);
  const names = new Set(document.keys("/services"));
  const dependsOn = dependenciesOf(name, service, { names, places, report });
  const local = "fault" in image ? undefined : localImage(name, image.name, config);
  const source =
    local === undefined && service.build !== undefined
      ? await readBuild(service.build, { directory: resolve(config.file, ".."), places, report })
      : ({ kind: "image", reference: service.image } as const);
  if (source === undefined || "fault" in image || problems.length > before) return undefined;
  return {
    ...{ name, where: `${document.file}:${document.locate(places.service)}`, source },
    ...{ imageName: image.name, dependsOn, containerName: service.container_name ?? name },
    ...(local !== undefined && { local }),
  };
}

function localImage(service: string, image: string, { images }: AircrateConfig): string | undefined {
  const [name = ""] = familiarReference(parseReference(image)).split(":");
  return [name, service].find((one) => images.has(one));
}

/** The manifest that packages of that time held beside `app.yml`. Inferred: of API version 0. */
function manifestOf({ name, author, version, targets }: LegacyIdentity, compose: JsonValue): JsonMap {
  return mapOf<JsonValue>([
    ["auterion-api-version", 0],
    ["app-name", name],
    ...(author === undefined ? [] : [["app-author", author] as const]),
    ["app-version", version],
    ["target-platform", targets],
    ["compose", compose],
  ]);
}

function kindsBelow(pointer: string, { floats, integerKeys }: YamlKinds): YamlKinds {
  const moved = (pointers: ReadonlySet<string>) => new Set([...pointers].map((one) => pointer + one));
  return { floats: moved(floats), integerKeys: moved(integerKeys) };
}
