import type { Command } from "../command.ts";

export interface InitArguments {
  dir: string;
  name?: string;
  author?: string;
}

export const initCommand: Command<InitArguments> = {
  about: "Overwrites nothing.",
  positionals: { dir: { default: ".", value: "FOLDER", describe: "Folder to write it into" } },
  options: {
    name: { value: "NAME", describe: "Name of the application", defaultDescription: "that of the folder" },
    author: {
      value: "AUTHOR",
      describe: "Its author as a reverse domain name",
      defaultDescription: "com.example",
    },
  },
  examples: [
    ["aircrate init", "write it into this folder; asks for the names on a terminal"],
    ["aircrate init my-app --author com.example", "write it into a new folder, without a question"],
  ],
  action: () => import("../actions/init.ts"),
};
