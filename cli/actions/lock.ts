import { storeFolder } from "../../lib/environment.ts";
import { lockProject } from "../../lib/lock/lock.ts";
import type { LockArguments } from "../commands/lock.ts";
import { registryAccess } from "../registry-access.ts";
import { renderLock } from "../ui/lock.ts";
import { print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: LockArguments): Promise<void> {
  const options = {
    dir: args.dir,
    store: storeFolder(process.env),
    registry: await registryAccess(args, process.env),
    simulation: args.simulation,
    ...(args.update !== undefined && { update: args.update }),
  };
  const report = await watched(args, ({ signal, onEvent }) => lockProject({ ...options, signal, onEvent }));
  if (args.json) {
    printJson(report);
    return;
  }
  if (!args.quiet) print(renderLock(report));
  for (const warning of report.warnings) warn(warning);
}
