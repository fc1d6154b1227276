import type { OnEvent } from "./events.ts";
import { createRegistryClient, type RegistryAccess, type RegistryClient } from "./registry/client.ts";
import { mergeRegistries, type Registries } from "./registry/mirrors.ts";
import { openStore, type Store } from "./store/layout.ts";
import { takeLease } from "./store/lease.ts";
import type { Layout } from "./vendor/layout.ts";
import { VERSION } from "./version.ts";

export interface SessionOptions {
  /** Folder of the blob store. */
  readonly store: string;
  /** How registries are reached. */
  readonly registry?: RegistryAccess;
  /** Asks no registry. */
  readonly offline?: boolean;
  /** An image layout, folder or tar file, that is asked before the registries. */
  readonly vendor?: string;
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

/** What every command that pulls works with. It has to be closed. */
export interface Session {
  readonly store: Store;
  /** Its sources are the image layout and, unless `offline`, the registries, in this order. */
  readonly client: Pick<RegistryClient, "sources">;
  readonly vendor?: Layout;
  close(): Promise<void>;
}

/**
 * @param registries what the project says of registries
 * @throws AircrateError unreachable: the store cannot be used; as `openLayout`
 */
export async function openSession(options: SessionOptions, registries: Registries): Promise<Session> {
  const store = await openStore(options.store);
  const vendor = options.vendor === undefined ? undefined : await openVendor(options.vendor);
  const giveBack = await takeLease(store);
  const remote = createRegistryClient({
    userAgent: `aircrate/${VERSION}`,
    ...options.registry,
    registries: mergeRegistries(registries, options.registry?.registries),
    ...(options.signal !== undefined && { signal: options.signal }),
    onRetry: (retry) => {
      options.registry?.onRetry?.(retry);
      options.onEvent?.({ kind: "retry", ...retry });
    },
  });
  const sources: RegistryClient["sources"] = (reference) => [
    ...(vendor === undefined ? [] : [vendor.source(reference)]),
    ...(options.offline === true ? [] : remote.sources(reference)),
  ];
  return {
    store,
    client: { sources },
    ...(vendor && { vendor: vendor.layout }),
    async close() {
      await Promise.all([remote.close(), vendor?.layout.close(), giveBack()]);
    },
  };
}

async function openVendor(file: string) {
  const { openLayout } = await import("./vendor/layout.ts");
  const { layoutSource } = await import("./vendor/source.ts");
  const layout = await openLayout(file);
  return { layout, source: (reference: Parameters<typeof layoutSource>[1]) => layoutSource(layout, reference) };
}
