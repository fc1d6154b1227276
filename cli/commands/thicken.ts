import { type Command, REPEATED } from "../command.ts";

export interface ThickenArguments {
  file: string;
  with: string[];
  output?: string;
  json: boolean;
}

export const thickenCommand: Command<ThickenArguments> = {
  command: "thicken <file>",
  describe: "Give back the full file that a thin one stands for",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Thin .auterionos file" })
      .options({
        with: {
          ...REPEATED,
          describe: "File with layers that were left out: the package it was made --since, or the base image",
        },
        output: {
          alias: "o",
          type: "string",
          requiresArg: true,
          describe: "File to write [default: the name without -thin, else with -full]",
        },
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
      })
      .example("$0 thicken app-1.1-thin.auterionos --with app-1.0.auterionos", "write app-1.1.auterionos"),
  action: () => import("../actions/thicken.ts"),
};
