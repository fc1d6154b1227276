import { storeFolder } from "../../lib/environment.ts";
import { parseTargetPlatform } from "../../lib/platform.ts";
import { pushImages } from "../../lib/push/push.ts";
import type { PushArguments } from "../commands/push.ts";
import { registryAccess } from "../registry-access.ts";
import { renderPush } from "../ui/push.ts";
import { print, printJson } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: PushArguments): Promise<void> {
  const { source, references, platform } = args;
  const options = {
    ...{ store: storeFolder(process.env), references, with: args.with },
    ...(platform !== undefined && { platform: parseTargetPlatform(platform) }),
    registry: await registryAccess({ ...args, mirror: [] }, process.env),
  };
  const report = await watched(args, ({ signal, onEvent }) => pushImages(source, { ...options, signal, onEvent }));
  if (args.json) printJson(report);
  else if (!args.quiet) print(renderPush(report));
}
