import { type JsonMap, type JsonValue, mapOf } from "../yaml/value.ts";
import type { AppManifest } from "./manifest.ts";

/**
 * The Compose file `app.yml` that packages of API versions 0 and 1 carry, for AuterionOS before 2.10: what Auterion's tool
 * generates, with its defaults where a service says nothing.
 */
export function legacyCompose(manifest: Pick<AppManifest, "compose" | "slug">): JsonMap {
  const services = Object.entries(manifest.compose.services as JsonMap).map(
    ([name, service]) => [name, legacyService(service as JsonMap, manifest.slug)] as const,
  );
  return mapOf<JsonValue>([...Object.entries(manifest.compose), ["services", mapOf(services)]]);
}

function legacyService(service: JsonMap, slug: string): JsonMap {
  const defaults: [string, JsonValue][] = [
    ["restart", "unless-stopped"],
    ["network_mode", "host"],
    ["volumes", [`/data/app/${slug}/data:/data`]],
    ["environment", ["PYTHONUNBUFFERED=1"]],
    ["env_file", ["settings.default.env", "settings.user.env"]],
  ];
  const kept = Object.entries(service).filter(([key]) => key !== "build" && key !== "platform");
  return mapOf([...defaults, ...kept]);
}
