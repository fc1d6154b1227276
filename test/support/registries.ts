import type { TestContext } from "node:test";
import type { Credentials } from "../../lib/credentials/credentials.ts";
import { parseReference, type Reference } from "../../lib/reference.ts";
import { createRegistryClient, type RegistryClient } from "../../lib/registry/client.ts";
import type { Registries, RegistryRule } from "../../lib/registry/mirrors.ts";
import { onCleanup } from "./cleanup.ts";
import { type EmbeddedRegistry, type EmbeddedRegistryOptions, startEmbeddedRegistry } from "./embedded-registry.ts";

/** An embedded registry that is closed after the test. */
export async function registryWith(t: TestContext, options?: EmbeddedRegistryOptions): Promise<EmbeddedRegistry> {
  const registry = await startEmbeddedRegistry(options);
  onCleanup(t, () => registry.close());
  return registry;
}

export interface ClientOptions {
  readonly mirrors?: Readonly<Record<string, string>>;
  readonly registries?: Registries;
  /** For every host; asked hosts are added to `asked`. */
  readonly credentials?: Credentials | undefined;
  readonly asked?: string[];
  readonly signal?: AbortSignal;
  readonly insecure?: readonly string[];
}

/** A client that is closed after the test, and does not wait long before it tries again. */
export function clientWith(t: TestContext, options: ClientOptions = {}): RegistryClient {
  const client = createRegistryClient({
    userAgent: "aircrate/test",
    retry: { firstWait: 5 },
    mirrors: new Map(Object.entries(options.mirrors ?? {})),
    ...(options.registries !== undefined && { registries: options.registries }),
    findCredentials: async (host) => {
      options.asked?.push(host);
      return options.credentials;
    },
    ...(options.insecure !== undefined && { insecure: options.insecure }),
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  onCleanup(t, () => client.close());
  return client;
}

/** A reference to something in that registry: `referenceIn(registry, "team/app:1")`. */
export function referenceIn(registry: EmbeddedRegistry, name: string): Reference {
  return parseReference(`${registry.host}/${name}`);
}

/** A rule about registries with these mirrors. */
export function rule(mirrors: readonly string[], rest: Partial<RegistryRule> = {}): RegistryRule {
  return { mirrors, insecure: false, fallback: true, ...rest };
}
