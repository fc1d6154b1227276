import { commandNames, type Found, refuseUnknown } from "./find.ts";
import { parseWords } from "./parse.ts";
import { UsageError } from "./ui/error.ts";

/** Does what a command line asks for. @throws UsageError; whatever the command throws */
export async function runCommand(found: Found): Promise<void> {
  refuseUnknown(found);
  if (wantsHelp(found.words)) {
    const { printHelp } = await import("./ui/help.ts");
    return printHelp(found);
  }
  const { name, command, words } = found;
  const args = parseWords(words, command);
  if (command.action === undefined) {
    throw new UsageError(`name a command of ${name}: ${commandNames(command).join(", ")}`);
  }
  const { run } = await command.action();
  await run(args);
}

function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end === -1 ? undefined : end).some((word) => word === "--help" || word === "-h");
}
