import { type Command, JSON_OPTION } from "../command.ts";
import { APP_VERSION, PROJECT_FOLDER } from "../project.ts";

export interface PlanArguments {
  dir: string;
  simulation: boolean;
  "app-version"?: string;
  json: boolean;
}

export const planCommand: Command<PlanArguments> = {
  positionals: { dir: PROJECT_FOLDER },
  options: {
    simulation: { type: "boolean", describe: "Plan for the simulation, linux/amd64" },
    ...APP_VERSION,
    ...JSON_OPTION,
  },
  examples: [
    ["aircrate plan", "show it of the project in this folder"],
    ["aircrate plan my-app --json", "print it for programs"],
  ],
  action: () => import("../actions/plan.ts"),
};
