import type { Command } from "../command.ts";

export interface InitArguments {
  dir: string;
  name?: string;
  author?: string;
}

export const initCommand: Command<InitArguments> = {
  command: "init [dir]",
  describe: "Write a small application that can be built at once",
  builder: (yargs) =>
    yargs
      .positional("dir", { type: "string", default: ".", describe: "Folder to write it into" })
      .options({
        name: { type: "string", requiresArg: true, describe: "Name of the application [default: that of the folder]" },
        author: {
          type: "string",
          requiresArg: true,
          describe: "Its author as a reverse domain name [default: com.example]",
        },
      })
      .example("$0 init my-app --author com.example", "write it into a new folder, without a question"),
  action: () => import("../actions/init.ts"),
};
