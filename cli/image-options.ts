import type { ImageOptions } from "../lib/build/carry-out.ts";
import { cacheChoice } from "../lib/cache/choose.ts";
import { sourceDateEpoch, storeFolder } from "../lib/environment.ts";
import type { MakingArguments } from "./making.ts";
import { registryAccess } from "./registry-access.ts";
import { parseSize } from "./units.ts";

/** How images are made, from the command line and the environment. @throws AircrateError usage, input */
export async function imageOptions(args: MakingArguments, env: NodeJS.ProcessEnv): Promise<ImageOptions> {
  const cache = cacheChoice({ cache: args.cache, cacheMode: args["cache-mode"] }, env);
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
