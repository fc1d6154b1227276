import { diff } from "../../lib/diff/diff.ts";
import { STATUS_DIFFERENT } from "../../lib/error.ts";
import { createWarnings, joinListeners } from "../../lib/events.ts";
import type { DiffArguments } from "../commands/diff.ts";
import { contentsOptions } from "../contents-options.ts";
import { renderDiff } from "../ui/diff.ts";
import { print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: DiffArguments): Promise<void> {
  const passedOver = createWarnings();
  const options = await contentsOptions(args, process.env);
  const report = await watched(args, ({ signal, onEvent }) =>
    diff(args.a, args.b, { ...options, signal, onEvent: joinListeners(passedOver.event, onEvent) }),
  );
  if (args.json) printJson(report);
  else if (!args.quiet) print(renderDiff(report, { all: args.all }));
  for (const warning of passedOver.list()) warn(warning);
  if (args["exit-code"] && report.different) process.exitCode = STATUS_DIFFERENT;
}
