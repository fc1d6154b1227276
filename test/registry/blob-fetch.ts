import type { TestContext } from "node:test";
import { readBody } from "../../lib/http/answer.ts";
import { formatReference } from "../../lib/reference.ts";
import type { RegistryClient } from "../../lib/registry/client.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { referenceIn, registryWith } from "../support/registries.ts";

export const BLOB = Buffer.from("0123456789");

/** A registry with one blob in `team/app`, and the path of that blob. */
export async function withBlob(t: TestContext, options?: Parameters<typeof registryWith>[1]) {
  const registry = await registryWith(t, options);
  const digest = registry.putBlob("team/app", BLOB);
  return { registry, path: `blobs/${digest}` };
}

export async function fetchBlob(client: RegistryClient, registry: EmbeddedRegistry, path: string): Promise<string> {
  const reference = referenceIn(registry, "team/app:1");
  const answer = await client.sources(reference)[0]!.get(path, { where: formatReference(reference) });
  return String(await readBody(answer, 1000, "here"));
}

/** Kind, scheme of authorization and status of each request so far. */
export function kinds(registry: EmbeddedRegistry): string[] {
  return registry.requests.map(({ kind, authorization, status }) => `${kind} ${authorization} ${status}`);
}
