import { inspectFile } from "../../lib/inspect/inspect.ts";
import type { InspectArguments } from "../commands/inspect.ts";
import { renderInspection } from "../ui/inspection.ts";
import { print, printJson } from "../ui/text.ts";

export async function run(args: InspectArguments): Promise<void> {
  const inspection = await inspectFile(args.file);
  if (args.json) {
    printJson(inspection);
    return;
  }
  print(renderInspection(inspection));
}
