import { resolve } from "node:path";
import type { AuterionApp, AuterionApp0 } from "../../spec/auterion-app.ts";
import type { Problem } from "../error.ts";
import { decodeYaml } from "../yaml/decode.ts";
import { placedProblem, problemsError, type YamlProblem } from "../yaml/problems.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { child, type JsonMap, type JsonValue, mapOf, type YamlKinds } from "../yaml/value.ts";
import { mergeCompose, servicesAt } from "./compose.ts";
import { type DevicePlatform, resolveTargets, type Targets } from "./devices.ts";
import { launchOrder } from "./launch-order.ts";
import type { MessagePath } from "./logging-tar.ts";
import { archiveImageName, imagePayloadName, payloadNameFault } from "./names.ts";
import { type ManifestOptions, manifestSchema, openManifest } from "./open-manifest.ts";
import { checkParameters } from "./parameters.ts";
import { placesOf } from "./places.ts";
import { checkRules } from "./rules.ts";
import { type AppService, readService } from "./service.ts";

/** An application as `auterion-app.yml` describes it. */
export interface AppManifest {
  /** Path of the manifest as the user gave the folder. */
  readonly file: string;
  /** Absolute path of the project folder. */
  readonly directory: string;
  readonly apiVersion: number;
  readonly author: string;
  readonly name: string;
  readonly version: string;
  /** `<author>.<name>`. */
  readonly slug: string;
  /** `none`, or a version of Auterion's base image such as `v2`. */
  readonly appBase: string;
  /** `target-platform` after the override, in its order. */
  readonly targets: readonly string[];
  /** The same with aliases resolved, each once. */
  readonly deviceTypes: readonly string[];
  readonly platform: DevicePlatform;
  /** In the order of the manifest. */
  readonly services: readonly AppService[];
  /** Services that start together, one wave after the other. */
  readonly launchOrder: readonly (readonly string[])[];
  /** Folders with ROS 2 messages that the device logs, as written. */
  readonly messagePaths: readonly MessagePath[];
  /** The manifest after overrides. */
  readonly document: JsonMap;
  /** What JSON does not keep of the document; needed to write it again. */
  readonly kinds: YamlKinds;
  /** The project's own `app.yml`, for a project without manifest: its package has the layout of that time. */
  readonly appYml?: string;
  /** The Compose file of the application, with image, container name and platform of each service. */
  readonly compose: JsonMap;
  /** What works and may not be what is meant, in the order of the file. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads `auterion-app.yml` of a project folder, API versions 0 to 7, with `compose-override` merged in. The overrides of
 * the options apply before anything is checked, and stand in the packaged manifest too, as with Auterion's own tool.
 *
 * @throws AircrateError unreachable: the folder does not exist; input: it has no manifest, or a wrong one; usage: the
 *   version given is no legal tag
 */
export async function readAppManifest(dir: string, options: ManifestOptions = {}): Promise<AppManifest> {
  const document = await openManifest(dir, options);
  const schema = manifestSchema(document);
  const unknownKeys: YamlProblem[] = [];
  const app: AuterionApp | AuterionApp0 = decodeYaml(schema, document, unknownKeys);
  const { problems, warnings } = checkRules(schema, document, app["auterion-api-version"]);
  if (isCurrent(app)) problems.push(...checkParameters(app.parameters ?? [], document));
  warnings.push(...document.warnings, ...unknownKeys);
  const slug = `${app["app-author"]}.${app["app-name"]}`;
  const identity = { slug, version: app["app-version"] };
  checkSlug(app, document, problems);
  const targets = readTargets(app, document, problems);

  const merged = isCurrent(app) ? mergeCompose(app, document, problems) : (app.compose as JsonMap);
  const names = document.keys(servicesAt(document));
  const directory = resolve(dir);
  const context = { app: identity, directory, document, names: new Set(names), problems, warnings };
  const found: AppService[] = [];
  for (const name of names) {
    const service = await readService(name, (merged.services as JsonMap)[name] as JsonMap, context);
    if (service !== undefined) found.push(service);
  }
  // Cycles and clashing names can only be told once every service is whole.
  // A key that is not known may be the reason of one that is missing.
  if (problems.length > 0 || targets === undefined) throw problemsError(document.file, [...problems, ...unknownKeys]);
  checkImageNames(found, document, problems);
  const order = readLaunchOrder(found, document, problems);
  if (problems.length > 0) throw problemsError(document.file, problems);

  return {
    file: document.file,
    directory,
    apiVersion: app["auterion-api-version"],
    author: app["app-author"],
    name: app["app-name"],
    version: identity.version,
    slug,
    appBase: app["auterion-app-base"] ?? "none",
    targets: targetList(app),
    deviceTypes: targets.deviceTypes,
    platform: targets.platform,
    services: found,
    launchOrder: order,
    messagePaths: isCurrent(app) ? readMessagePaths(app, document) : [],
    document: document.value as JsonMap,
    kinds: { floats: document.floats, integerKeys: document.integerKeys },
    compose: finishCompose(merged, found, targets.platform),
    warnings: [...warnings].sort((a, b) => a.line - b.line).map((warning) => placedProblem(document.file, warning)),
  };
}

function isCurrent(app: AuterionApp | AuterionApp0): app is AuterionApp {
  return app["auterion-api-version"] !== 0;
}

function checkSlug(app: AuterionApp | AuterionApp0, document: YamlDocument, problems: YamlProblem[]): void {
  const { "app-author": author, "app-name": name } = app;
  const payload = imagePayloadName(`${author}.${name}`);
  const fault = payloadNameFault(payload);
  if (fault === undefined) return;
  const pointer = payloadNameFault(author) === undefined ? "/app-name" : "/app-author";
  problems.push({
    line: document.locate(pointer),
    message: `\`${payload}\` cannot be a name in the package: ${fault}`,
  });
}

function targetList(app: AuterionApp | AuterionApp0): string[] {
  return [app["target-platform"]].flat();
}

function readTargets(
  app: AuterionApp | AuterionApp0,
  document: YamlDocument,
  problems: YamlProblem[],
): Targets | undefined {
  const targets = resolveTargets(targetList(app));
  if ("platform" in targets) return targets;
  for (const { index, ...problem } of targets) {
    problems.push({ line: document.locate(child("/target-platform", index)), ...problem });
  }
  return undefined;
}

function readMessagePaths(app: AuterionApp, document: YamlDocument): MessagePath[] {
  const pointer = "/logging/msg-paths";
  const paths = app.logging?.["msg-paths"] ?? [];
  const where = (at: string) => `${document.file}:${document.locate(at)}`;
  if (typeof paths === "string") return [{ path: paths, where: where(pointer) }];
  return paths.map((path, i) => ({ path, where: where(child(pointer, i)) }));
}

/** A prebuilt image may serve several services; a built one belongs to its own. */
export function checkImageNames(
  services: readonly AppService[],
  document: YamlDocument,
  problems: YamlProblem[],
): void {
  const owners = new Map<string, AppService>();
  for (const service of services) {
    const image = archiveImageName(service.imageName);
    if ("fault" in image) continue;
    const owner = owners.get(image.key);
    if (owner === undefined) owners.set(image.key, service);
    else if (owner.source.kind === "build" || service.source.kind === "build") {
      const message = `\`${service.name}\` and \`${owner.name}\` have the same image name, \`${service.imageName}\``;
      problems.push({ line: document.locate(child(servicesAt(document), service.name)), message });
    }
  }
}

export function readLaunchOrder(
  services: readonly AppService[],
  document: YamlDocument,
  problems: YamlProblem[],
): readonly (readonly string[])[] {
  const order = launchOrder(services);
  if ("waves" in order) return order.waves;
  const [first] = order.cycle;
  problems.push({
    line: document.locate(placesOf(first!, document).of("depends_on")),
    message: `services wait for one another: ${order.cycle.join(" -> ")}`,
  });
  return [];
}

/** Auterion's tool sets these three for every service. */
function finishCompose(merged: JsonMap, services: readonly AppService[], platform: DevicePlatform): JsonMap {
  const finished = services.map(({ name, imageName, containerName, source }) => {
    const service = (merged.services as JsonMap)[name] as JsonMap;
    const image = source.kind === "build" ? imageName : source.reference;
    return [
      name,
      mapOf<JsonValue>([
        ...Object.entries(service),
        ["image", image],
        ["container_name", containerName],
        ["platform", platform],
      ]),
    ] as const;
  });
  return mapOf<JsonValue>([...Object.entries(merged), ["services", mapOf(finished)]]);
}
