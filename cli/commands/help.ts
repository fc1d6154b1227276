import type { Command } from "../command.ts";

export interface HelpArguments {
  command: string[];
}

export const helpCommand: Command<HelpArguments> = {
  positionals: {
    command: { many: true, value: "COMMAND", describe: "Words of the command; without one, all commands" },
  },
  examples: [
    ["aircrate help build", "tell how build is used"],
    ["aircrate help store prune", "tell of a command of a command"],
  ],
  action: () => import("../actions/help.ts"),
};
