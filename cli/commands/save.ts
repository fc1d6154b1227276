import type { Command } from "../command.ts";

export interface SaveArguments {
  names: string[];
  output?: string;
  platform?: string;
}

export const saveCommand: Command<SaveArguments> = {
  command: "save <names..>",
  describe: "Write images of the store into one docker-archive, to stdout or a file",
  builder: (yargs) =>
    yargs
      .positional("names", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Names of images, as NAME:TAG; aircrate image ls shows them",
      })
      .options({
        output: { alias: "o", type: "string", requiresArg: true, describe: "File to write [default: stdout]" },
        platform: {
          type: "string",
          requiresArg: true,
          describe: "Which one to take of an image that is there for several [default: linux/arm64]",
        },
      })
      .example("$0 save camera:2 gallery:2 | gzip > gallery.image", "both in one archive, what they share once"),
  action: () => import("../actions/save.ts"),
};
