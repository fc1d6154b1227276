import { storeFolder } from "../../lib/environment.ts";
import { vendorProject } from "../../lib/vendor/vendor.ts";
import type { VendorArguments } from "../commands/vendor.ts";
import { registryAccess } from "../registry-access.ts";
import { renderVendor } from "../ui/lock.ts";
import { print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: VendorArguments): Promise<void> {
  const options = {
    dir: args.dir,
    store: storeFolder(process.env),
    registry: await registryAccess(args, process.env),
    ...(args.output !== undefined && { output: args.output }),
    ...(args.format !== undefined && { format: args.format }),
  };
  const report = await watched(args, ({ signal, onEvent }) => vendorProject({ ...options, signal, onEvent }));
  if (args.json) {
    printJson(report);
    return;
  }
  if (!args.quiet) print(renderVendor(report));
  for (const warning of report.warnings) warn(warning);
}
