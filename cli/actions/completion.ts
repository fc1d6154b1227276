import type { CompletionArguments } from "../commands/completion.ts";
import { SCRIPTS } from "../completion-scripts.ts";

export async function run({ shell }: CompletionArguments): Promise<void> {
  process.stdout.write(SCRIPTS[shell]);
}
