import { thicken } from "../../lib/thin/thicken.ts";
import type { ThickenArguments } from "../commands/thicken.ts";
import { storeFolder } from "../environment.ts";
import { withSignals } from "../signals.ts";
import { renderThickened } from "../ui/report.ts";
import { print, printJson } from "../ui/text.ts";

export async function run(args: ThickenArguments): Promise<void> {
  const report = await withSignals((signal) =>
    thicken(args.file, {
      ...{ store: storeFolder(process.env), with: args.with, signal },
      ...(args.output !== undefined && { output: args.output }),
    }),
  );
  if (args.json) printJson(report);
  else print(renderThickened(report));
}
