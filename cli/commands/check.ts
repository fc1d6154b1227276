import { type Command, JSON_OPTION } from "../command.ts";
import { APP_VERSION, PROJECT_FOLDER } from "../project.ts";

export interface CheckArguments {
  dir: string;
  strict: boolean;
  simulation: boolean;
  "app-version"?: string;
  json: boolean;
}

export const checkCommand: Command<CheckArguments> = {
  about: "Tells of everything at once and asks no registry.",
  positionals: { dir: PROJECT_FOLDER },
  options: {
    strict: { type: "boolean", describe: "Count warnings and unknown keys as problems" },
    simulation: {
      type: "boolean",
      describe: "Check what is built for the simulation, linux/amd64",
    },
    ...APP_VERSION,
    ...JSON_OPTION,
  },
  examples: [
    ["aircrate check", "check the project in this folder"],
    ["aircrate check my-app --strict", "end with exit status 3 for warnings, too"],
  ],
  action: () => import("../actions/check.ts"),
};
