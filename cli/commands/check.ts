import type { Command } from "../command.ts";

export interface CheckArguments {
  dir: string;
  strict: boolean;
  simulation: boolean;
  "app-version"?: string;
  json: boolean;
}

export const checkCommand: Command<CheckArguments> = {
  command: "check [dir]",
  describe: "Find what is wrong with a project, and the traps of the field; asks no registry",
  builder: (yargs) =>
    yargs
      .positional("dir", { type: "string", default: ".", describe: "Folder with auterion-app.yml or aircrate.yml" })
      .options({
        strict: { type: "boolean", default: false, describe: "Count warnings and unknown keys as problems" },
        simulation: {
          type: "boolean",
          default: false,
          describe: "Check what is built for the simulation, linux/amd64",
        },
        "app-version": { type: "string", requiresArg: true, describe: "Version instead of the manifest's" },
        json: { type: "boolean", default: false, describe: "Print the findings as JSON" },
      }),
  action: () => import("../actions/check.ts"),
};
