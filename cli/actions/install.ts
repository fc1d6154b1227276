import { installFile } from "../../lib/device/install.ts";
import { AircrateError } from "../../lib/error.ts";
import { inStep } from "../../lib/events.ts";
import type { InstallArguments } from "../commands/install.ts";
import { openUpdaterFor } from "../device-access.ts";
import { createInstallProgress, renderInstalled } from "../ui/device.ts";
import { print, printJson, warn } from "../ui/text.ts";
import { DAY } from "../units.ts";
import { watched } from "../watched.ts";
import { prove } from "./verify.ts";

export async function run(args: InstallArguments): Promise<void> {
  const { file, wait } = args;
  if (!(wait > 0 && wait <= DAY)) throw new AircrateError("usage", `--wait is not a number above 0 and up to ${DAY}`);
  const report = await watched(args, async ({ signal, onEvent, say }) => {
    if (args.verify) await inStep(onEvent, { work: "check", name: file }, () => proveInstallable(file));
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

async function proveInstallable(file: string): Promise<void> {
  const { inspection } = await prove(file);
  if (inspection.kind === "auterionos") return;
  throw new AircrateError("input", "is no .auterionos file", {
    where: file,
    reason: `it is of kind ${inspection.kind}`,
    hint: "aircrate build writes one",
  });
}
