import type { TestContext } from "node:test";
import { onCleanup } from "./cleanup.ts";
import { type EmbeddedRegistry, type EmbeddedRegistryOptions, startEmbeddedRegistry } from "./embedded-registry.ts";
import { seedDemo } from "./generated-base.ts";

/** An embedded registry with what the example application needs, closed after the test. */
export async function demoRegistry(t: TestContext, options: EmbeddedRegistryOptions = {}): Promise<EmbeddedRegistry> {
  const registry = await startEmbeddedRegistry(options);
  onCleanup(t, () => registry.close());
  seedDemo(registry);
  return registry;
}

/** Options that send aircrate there instead of to Docker Hub. */
export function mirror({ host }: { readonly host: string }): string[] {
  return ["--mirror", `docker.io=${host}`];
}
