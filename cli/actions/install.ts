import { installFile } from "../../lib/device/install.ts";
import { AircrateError } from "../../lib/error.ts";
import { inStep } from "../../lib/events.ts";
import { DAY } from "../../lib/range.ts";
import { requireInstallable } from "../../lib/verify/prove.ts";
import type { InstallArguments } from "../commands/install.ts";
import { openUpdaterFor } from "../device-access.ts";
import { createInstallProgress, renderInstalled } from "../ui/device.ts";
import { print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";
import { verified } from "./verify.ts";

export async function run(args: InstallArguments): Promise<void> {
  const { file, wait } = args;
  if (!(wait > 0 && wait <= DAY)) throw new AircrateError("usage", `--wait is not a number above 0 and up to ${DAY}`);
  const report = await watched(args, async ({ signal, onEvent, say }) => {
    if (args.verify) {
      const step = { work: "check", name: file } as const;
      requireInstallable(await inStep(onEvent, step, () => verified(file, { signal })));
    }
    const updater = await openUpdaterFor(args, process.env, signal);
    const { device, version } = updater;
    say(`sending to ${device.address}, updater ${version}`);
    const progress = createInstallProgress(device.address, { onEvent, say });
    try {
      return await installFile(file, updater, { wait, signal, onEvent: progress });
    } finally {
      await device.close();
    }
  });
  if (args.json) printJson(report);
  else if (!args.quiet) print(renderInstalled(report));
  if (report.powerCycle) warn("the device has to be switched off and on");
}
