import { ComposeService } from "../../spec/compose.ts";
import type { Finding, InspectedApp, InspectedImage, InspectedService } from "../../spec/inspection.ts";
import { deepMerge } from "../app/compose.ts";
import { dependenciesOf } from "../app/dependencies.ts";
import { launchOrder } from "../app/launch-order.ts";
import { archiveImageName, builtImageName } from "../app/names.ts";
import { placesOf } from "../app/places.ts";
import { AircrateError } from "../error.ts";
import { MAX_YAML_SIZE, parseYaml, type YamlDocument } from "../yaml/read.ts";
import { child, isMap, type JsonMap, type JsonValue, mapOf, valueAt } from "../yaml/value.ts";
import type { ArtifactMember } from "./artifact.ts";
import { checkDocument } from "./documents.ts";

/** The application as its packaged manifest describes it, read without asking whether the manifest is right. */
export interface FoundApp {
  readonly description: InspectedApp;
  /** Absent when the manifest is no YAML. */
  readonly document?: YamlDocument;
  readonly faults: readonly Finding[];
}

/**
 * Reads `auterion-app.yml` of a package, of any API version, or the `app.yml` of packages that are older than it.
 *
 * @param where what findings call the file
 */
export function readPackagedApp(
  file: ArtifactMember,
  { where, images }: { where: string; images: readonly InspectedImage[] },
): FoundApp {
  const parsed = parse(file, where);
  if ("message" in parsed) return { description: { targets: [], services: [] }, faults: [parsed] };
  const root = isMap(parsed.value) ? parsed.value : {};
  const faults: Finding[] = [];
  const identity = readIdentity(root);
  const services = readServices(root, { document: parsed, identity, images: imagesByName(images), faults });
  const order = launchOrder(services);
  if ("cycle" in order) faults.push({ where, message: `services wait for one another: ${order.cycle.join(" -> ")}` });
  const description = { ...identity, services, ...("waves" in order && { launchOrder: toArrays(order.waves) }) };
  return { description, document: parsed, faults };
}

function parse({ bytes }: ArtifactMember, where: string): YamlDocument | Finding {
  if (bytes === undefined || bytes.length > MAX_YAML_SIZE) return { where, message: "is too large for a manifest" };
  try {
    return parseYaml(new TextDecoder("utf-8", { fatal: true }).decode(bytes), where);
  } catch (error) {
    if (error instanceof TypeError) return { where, message: "is not UTF-8 text" };
    if (!(error instanceof AircrateError)) throw error;
    const message = error.where === undefined ? error.message : error.message.slice(error.where.length + 2);
    return { where: error.where ?? where, message };
  }
}

type Identity = Omit<InspectedApp, "services" | "launchOrder">;

function readIdentity(root: JsonMap): Identity {
  const text = (key: string) => (typeof root[key] === "string" ? root[key] : undefined);
  const author = text("app-author");
  const name = text("app-name");
  const version = text("app-version");
  const appBase = text("auterion-app-base");
  const apiVersion = root["auterion-api-version"];
  const targets = [root["target-platform"] ?? []].flat().filter((target) => typeof target === "string");
  return {
    ...(name !== undefined && slugOf(name, { author, apiVersion })),
    ...(author !== undefined && { author }),
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(typeof apiVersion === "number" && { apiVersion }),
    ...(appBase !== undefined && { appBase }),
    targets,
  };
}

/** The oldest manifests need no author: the name is all that packages are called by. */
function slugOf(name: string, { author, apiVersion }: { author: string | undefined; apiVersion: unknown }) {
  if (author !== undefined) return { slug: `${author}.${name}` };
  return apiVersion === 0 ? { slug: name } : {};
}

interface ServiceContext {
  readonly document: YamlDocument;
  readonly identity: Identity;
  readonly images: ReadonlyMap<string, number>;
  readonly faults: Finding[];
}

/** Services stand at the top, below `compose` in API version 0, or are a Compose file's own in `app.yml`. */
function readServices(root: JsonMap, context: ServiceContext): InspectedService[] {
  const { document, identity, images, faults } = context;
  const pointer = isMap(root.services) ? "/services" : "/compose/services";
  const services = valueAt(root, pointer);
  if (!isMap(services)) {
    faults.push({ where: document.file, message: "names no services" });
    return [];
  }
  const names = document.keys(pointer);
  const known = new Set(names);
  return names.map((name) => {
    const override = valueAt(root, child("/compose-override/services", name)) ?? mapOf<JsonValue>([]);
    const merged = deepMerge(pointer === "/services" ? baseService(services[name]!) : services[name]!, override);
    const where = `${document.file}:${document.locate(child(pointer, name))}`;
    const checked = checkDocument(ComposeService, merged, where);
    if ("faults" in checked) {
      faults.push(...checked.faults);
      return { name, dependsOn: [] };
    }
    const report = (at: string, message: string) => {
      faults.push({ where: `${document.file}:${document.locate(at)}`, message });
    };
    const dependsOn = dependenciesOf(name, checked.value, { names: known, places: placesOf(name, document), report });
    return { name, ...nameImage(name, checked.value.image, { identity, images }), dependsOn };
  });
}

/** `image` of the manifest counts only for services that are not built. */
function baseService(service: JsonValue): JsonValue {
  if (!isMap(service)) return mapOf<JsonValue>([]);
  const built = service.build !== undefined;
  return mapOf(Object.entries(service).filter(([key]) => key !== "build" && !(built && key === "image")));
}

function nameImage(
  service: string,
  declared: string | undefined,
  { identity, images }: Pick<ServiceContext, "identity" | "images">,
): Pick<InspectedService, "imageName" | "image"> {
  const { slug, author, version } = identity;
  const built = slug !== undefined && version !== undefined ? builtImageName({ slug, version }, service) : undefined;
  const text = declared ?? built;
  if (text === undefined) return {};
  const wanted = archiveImageName(text);
  if ("fault" in wanted) return { imageName: text };
  const image = images.get(wanted.key);
  if (image !== undefined) return { imageName: wanted.name, image };
  // Auterion's tool left the application's name out before its version 1.0.9.
  if (declared !== undefined || author === undefined) return { imageName: wanted.name };
  const older = archiveImageName(`${author}.${service}:${version}`);
  const found = "fault" in older ? undefined : images.get(older.key);
  if (found === undefined || "fault" in older) return { imageName: wanted.name };
  return { imageName: older.name, image: found };
}

function imagesByName(images: readonly InspectedImage[]): Map<string, number> {
  const byName = new Map<string, number>();
  for (const [i, { tags }] of images.entries()) {
    for (const tag of tags) {
      const name = archiveImageName(tag);
      if ("key" in name && !byName.has(name.key)) byName.set(name.key, i);
    }
  }
  return byName;
}

function toArrays(waves: readonly (readonly string[])[]): string[][] {
  return waves.map((wave) => [...wave]);
}
