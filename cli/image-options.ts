import type { ImageOptions } from "../lib/build/carry-out.ts";
import type { CacheChoice } from "../lib/cache/choose.ts";
import { sourceDateEpoch, storeFolder } from "../lib/environment.ts";
import { AircrateError } from "../lib/error.ts";
import type { CacheMode } from "../spec/layer-cache.ts";
import type { MakingArguments } from "./making.ts";
import { registryAccess } from "./registry-access.ts";
import { parseSize } from "./units.ts";

/** How images are made, from the command line and the environment. @throws AircrateError usage, input */
export async function imageOptions(args: MakingArguments, env: NodeJS.ProcessEnv): Promise<ImageOptions> {
  const cache = cacheChoice(args, env);
  return {
    store: storeFolder(env),
    registry: await registryAccess(args, env),
    offline: args.offline,
    ...(args.vendor !== undefined && { vendor: args.vendor }),
    split: args.split,
    epoch: sourceDateEpoch(env),
    ...(args["max-layer-size"] !== undefined && { maxLayerSize: parseSize(args["max-layer-size"]) }),
    ...(cache !== undefined && { cache }),
  };
}

/** What the user says about the cache of layers, options before the environment. @throws AircrateError usage */
function cacheChoice(args: MakingArguments, env: NodeJS.ProcessEnv): CacheChoice | undefined {
  const repository = args.cache ?? (env.AIRCRATE_CACHE || undefined);
  const mode = args["cache-mode"] ?? cacheMode(env.AIRCRATE_CACHE_MODE);
  if (repository === "off") return "off";
  if (repository !== undefined) return { repository, mode };
  if (mode === "read") return undefined;
  throw new AircrateError("usage", "to push layers, name the repository with --cache or AIRCRATE_CACHE", {
    reason: "the file of a project, which may come from anywhere, does not say where something is pushed",
  });
}

function cacheMode(text: string | undefined): CacheMode {
  if (text === undefined || text === "" || text === "read") return "read";
  if (text === "read-write") return text;
  throw new AircrateError("usage", "AIRCRATE_CACHE_MODE is neither read nor read-write");
}
