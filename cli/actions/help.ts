import type { HelpArguments } from "../commands/help.ts";
import { findCommand, refuseUnknown } from "../find.ts";
import { printHelp } from "../ui/help.ts";

export async function run({ command }: HelpArguments): Promise<void> {
  const found = await findCommand(command);
  refuseUnknown(found);
  printHelp(found);
}
