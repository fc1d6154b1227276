import type { Command } from "../command.ts";

export interface CompleteArguments {
  words: string[];
}

export const completeCommand: Command<CompleteArguments> = {
  about:
    "Prints what there may be instead of the last word: words, files or folders, then one word a line with a tab and what it means.",
  positionals: { words: { many: true, describe: "Words behind the name of the program; the last one may be empty" } },
  examples: [["aircrate complete -- store ve", "print words, and verify"]],
  action: () => import("../actions/complete.ts"),
};
