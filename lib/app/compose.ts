import type { AuterionApp } from "../../spec/auterion-app.ts";
import { didYouMean } from "../suggest.ts";
import type { YamlProblem } from "../yaml/problems.ts";
import type { YamlDocument } from "../yaml/read.ts";
import { child, isMap, type JsonMap, type JsonValue, mapOf } from "../yaml/value.ts";

export const OVERRIDES = "/compose-override/services";

/** Where a manifest names its services: in API version 0 below `compose`, as in the Compose file that this is. */
export function servicesAt({ value }: YamlDocument): string {
  return isMap(value) && value["auterion-api-version"] === 0 ? "/compose/services" : "/services";
}

/**
 * The Compose file of an application as Auterion's tool makes it: `services` of the manifest, then `compose-override`
 * merged into it. Names and platforms of the images are not set yet.
 */
export function mergeCompose(app: AuterionApp, document: YamlDocument, problems: YamlProblem[]): JsonMap {
  const names = document.keys("/services");
  const services = mapOf(names.map((name) => [name, baseService(app.services[name]!)] as const));
  const overrides = app["compose-override"]?.services ?? {};
  for (const name of Object.keys(overrides)) {
    if (Object.hasOwn(services, name)) continue;
    const line = document.locate(child(OVERRIDES, name));
    const message = `override of an unknown service \`${name}\`${didYouMean(name, names)}`;
    const hint = "services are named in `services`; an override can only change them";
    problems.push({ line, message, hint, trap: "AC008" });
  }
  return deepMerge({ services }, (app["compose-override"] ?? {}) as JsonMap) as JsonMap;
}

function baseService(service: AuterionApp["services"][string]): JsonMap {
  if (service.build === undefined) return mapOf(service.image === undefined ? [] : [["image", service.image]]);
  const args = service["build-args"];
  return mapOf([
    ["build", mapOf<JsonValue>([["context", service.build], ...(args === undefined ? [] : [["args", args] as const])])],
  ]);
}

/** Maps merge key by key, everything else is replaced. Neither input is changed. */
export function deepMerge(base: JsonValue, over: JsonValue): JsonValue {
  if (!isMap(base) || !isMap(over)) return over;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : deepMerge(before, value));
  }
  return mapOf(merged);
}
