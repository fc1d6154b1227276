import type { OnEvent } from "./events.ts";
import type { TransportOptions } from "./http/transport.ts";
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
  /** How servers are reached that are no registries. */
  readonly network: TransportOptions;
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
  const { mirrors, findCredentials, registries: own, ...settings } = options.registry ?? {};
  const network: TransportOptions = {
    userAgent: `aircrate/${VERSION}`,
    ...settings,
    ...(options.signal !== undefined && { signal: options.signal }),
    onRetry: (retry) => {
      options.registry?.onRetry?.(retry);
      options.onEvent?.({ kind: "retry", ...retry });
    },
  };
  const remote = createRegistryClient({
    ...network,
    ...(mirrors !== undefined && { mirrors }),
    ...(findCredentials !== undefined && { findCredentials }),
    registries: mergeRegistries(registries, own),
  });
  const sources: RegistryClient["sources"] = (reference) => [
    ...(vendor === undefined ? [] : [vendor.source(reference)]),
    ...(options.offline === true ? [] : remote.sources(reference)),
  ];
  return {
    store,
    client: { sources },
    network,
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
