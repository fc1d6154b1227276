import type { Command } from "../command.ts";

export interface PlanArguments {
  dir: string;
  simulation: boolean;
  "app-version"?: string;
  json: boolean;
}

export const planCommand: Command<PlanArguments> = {
  command: "plan [dir]",
  describe: "Show what would be built from what; asks no registry",
  builder: (yargs) =>
    yargs
      .positional("dir", { type: "string", default: ".", describe: "Folder with auterion-app.yml or aircrate.yml" })
      .options({
        simulation: { type: "boolean", default: false, describe: "Plan for the simulation, linux/amd64" },
        "app-version": { type: "string", requiresArg: true, describe: "Version instead of the manifest's" },
        json: { type: "boolean", default: false, describe: "Print the plan as JSON" },
      }),
  action: () => import("../actions/plan.ts"),
};
