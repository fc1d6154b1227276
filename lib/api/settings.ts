import type { RegistrySettings } from "../access.ts";
import type { ImageOptions } from "../build/carry-out.ts";
import type { CacheSettings } from "../cache/choose.ts";
import { type Environment, LAST_EPOCH, sourceDateEpoch, storeFolder } from "../environment.ts";
import type { OnEvent } from "../events.ts";
import { within } from "../range.ts";
import type { SessionOptions } from "../session.ts";

/** What every function of the library takes. */
export interface Settings {
  /** Variables that count, as README says of each; default: those of the process. */
  readonly env?: Environment;
  /** Stops the work; the signal's reason is thrown, and nothing half-written stays. */
  readonly signal?: AbortSignal;
}

/** Of functions that use the store. */
export interface StoreSettings extends Settings {
  /** Folder of the blob store; default: `AIRCRATE_STORE`, else the platform's cache folder. */
  readonly store?: string;
}

/** Of functions that ask registries. Credentials come from the files of Docker and Podman. */
export interface AccessSettings extends StoreSettings, RegistrySettings {
  /** Is told what happens, at once and in order. It must not throw. */
  readonly onEvent?: OnEvent;
}

/** Of functions that pull what they need. */
export interface PullingSettings extends AccessSettings {
  /** Uses what is on this machine and asks no registry and no server. */
  readonly offline?: boolean;
  /** OCI image layout, tar file or folder, that is asked before the registries and servers. */
  readonly vendor?: string;
}

/** Of functions that make images. */
export interface MakingSettings extends PullingSettings, CacheSettings {
  /** `auto` parts each layer that is built into dependencies and the rest; default `none`. */
  readonly split?: "none" | "auto";
  /** Seconds since 1970 for every time in the output; default: `SOURCE_DATE_EPOCH`, else 0. */
  readonly epoch?: number;
  /** Largest plain size of a pulled layer, in bytes; default 64 GiB. */
  readonly maxLayerSize?: number;
}

export function environmentOf({ env = process.env }: Settings): Environment {
  return env;
}

export function storeOf(settings: StoreSettings): string {
  return settings.store ?? storeFolder(environmentOf(settings));
}

/** @throws AircrateError usage, input */
export async function sessionOptions(settings: AccessSettings): Promise<SessionOptions & { readonly store: string }> {
  const { registryAccess } = await import("../access.ts");
  const { onEvent, signal } = settings;
  return {
    store: storeOf(settings),
    registry: await registryAccess(settings, environmentOf(settings)),
    ...(onEvent && { onEvent }),
    ...(signal && { signal }),
  };
}

/** @throws AircrateError usage, input */
export async function pullingOptions(settings: PullingSettings) {
  const { offline, vendor } = settings;
  return {
    ...(await sessionOptions(settings)),
    ...(offline !== undefined && { offline }),
    ...(vendor !== undefined && { vendor }),
  };
}

/** @throws AircrateError usage, input */
export async function imageOptions(settings: MakingSettings): Promise<ImageOptions> {
  const { cacheChoice } = await import("../cache/choose.ts");
  const env = environmentOf(settings);
  const { split, epoch = sourceDateEpoch(env), maxLayerSize } = settings;
  const cache = cacheChoice(settings, env);
  return {
    ...(await pullingOptions(settings)),
    epoch: within(epoch, "epoch", { from: 0, to: LAST_EPOCH, whole: true }),
    ...(split !== undefined && { split }),
    ...(maxLayerSize !== undefined && { maxLayerSize }),
    ...(cache !== undefined && { cache }),
  };
}

/** @throws AircrateError usage */
export async function readPlatform(text: string) {
  const { parseTargetPlatform } = await import("../platform.ts");
  return parseTargetPlatform(text);
}
