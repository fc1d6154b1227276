import { VERSION } from "../../lib/version.ts";
import { UsageError } from "../ui/error.ts";
import { print } from "../ui/text.ts";

/** What the program does without a command. */
export async function run({ version }: { version: boolean }): Promise<void> {
  if (!version) throw new UsageError("name a command");
  print(`${VERSION}\n`);
}
