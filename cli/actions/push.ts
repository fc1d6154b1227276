import { parseTargetPlatform } from "../../lib/platform.ts";
import { pushImages } from "../../lib/push/push.ts";
import type { PushArguments } from "../commands/push.ts";
import { storeFolder } from "../environment.ts";
import { registryAccess } from "../registry-access.ts";
import { withSignals } from "../signals.ts";
import { renderPush } from "../ui/push.ts";
import { print, printJson } from "../ui/text.ts";

export async function run(args: PushArguments): Promise<void> {
  const { source, references, platform } = args;
  const options = {
    ...{ store: storeFolder(process.env), references, with: args.with },
    ...(platform !== undefined && { platform: parseTargetPlatform(platform) }),
    registry: await registryAccess({ ...args, mirror: [] }, process.env),
  };
  const report = await withSignals((signal) => pushImages(source, { ...options, signal }));
  if (args.json) printJson(report);
  else print(renderPush(report));
}
