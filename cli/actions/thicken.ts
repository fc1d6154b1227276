import { storeFolder } from "../../lib/environment.ts";
import { thicken } from "../../lib/thin/thicken.ts";
import type { ThickenArguments } from "../commands/thicken.ts";
import { renderThickened } from "../ui/report.ts";
import { print, printJson } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: ThickenArguments): Promise<void> {
  const options = {
    ...{ store: storeFolder(process.env), with: args.with },
    ...(args.output !== undefined && { output: args.output }),
  };
  const report = await watched(args, ({ signal, onEvent }) => thicken(args.file, { ...options, signal, onEvent }));
  if (args.json) printJson(report);
  else if (!args.quiet) print(renderThickened(report));
}
