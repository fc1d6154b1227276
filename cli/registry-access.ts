import { registryAccess as accessBy, RANGES, type RegistrySettings } from "../lib/access.ts";
import type { Environment } from "../lib/environment.ts";
import type { Retry } from "../lib/http/retry.ts";
import { within } from "../lib/range.ts";
import type { RegistryAccess } from "../lib/registry/client.ts";
import type { NetworkArguments } from "./network.ts";
import { warn } from "./ui/text.ts";

/** How registries are reached, by options and environment. @throws AircrateError usage */
export async function registryAccess(args: NetworkArguments, env: Environment): Promise<RegistryAccess> {
  return { ...(await accessBy(registrySettings(args), env)), onRetry: showRetry };
}

function registrySettings(args: NetworkArguments): RegistrySettings {
  return {
    mirrors: args.mirror,
    ca: args.ca,
    insecureRegistries: args["insecure-registry"],
    retries: within(args.retries, "--retries", RANGES.retries),
    retryMaxWait: within(args["retry-max-wait"], "--retry-max-wait", RANGES.retryMaxWait),
    timeout: within(args.timeout, "--timeout", RANGES.timeout),
  };
}

/** Tells that a request is going to be sent again; a wait of less than a second is over before that is read. */
function showRetry({ host, reason, wait }: Retry): void {
  if (wait >= 1000) warn(`${host}: ${reason}; trying again in ${(wait / 1000).toFixed(1)} s`);
}
