import type { ContentsOptions } from "../lib/contents/contents.ts";
import { storeFolder } from "../lib/environment.ts";
import { parseTargetPlatform } from "../lib/platform.ts";
import type { PullingArguments } from "./making.ts";
import { registryAccess } from "./registry-access.ts";

/** How a file, or an image by its reference, is looked into. @throws AircrateError usage, input */
export async function contentsOptions(
  args: PullingArguments & { platform: string },
  env: NodeJS.ProcessEnv,
): Promise<ContentsOptions> {
  return {
    store: storeFolder(env),
    registry: await registryAccess(args, env),
    ...{ offline: args.offline, platform: parseTargetPlatform(args.platform) },
    ...(args.vendor !== undefined && { vendor: args.vendor }),
  };
}
