import { type Command, JSON_OPTION, REPEATED } from "../command.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";

export interface ThickenArguments extends ProgressArguments {
  file: string;
  with: string[];
  output?: string;
  json: boolean;
}

export const thickenCommand: Command<ThickenArguments> = {
  positionals: { file: { required: true, value: "FILE", describe: "Thin .auterionos file" } },
  options: {
    with: {
      ...REPEATED,
      value: "FILE",
      describe: "File with layers that were left out: the package it was made --since, or the base image",
    },
    output: {
      short: "o",
      value: "FILE",
      describe: "File to write",
      defaultDescription: "the name without -thin, else with -full",
    },
    ...PROGRESS_OPTIONS,
    ...JSON_OPTION,
  },
  examples: [["aircrate thicken app-1.1-thin.auterionos --with app-1.0.auterionos", "write app-1.1.auterionos"]],
  action: () => import("../actions/thicken.ts"),
};
