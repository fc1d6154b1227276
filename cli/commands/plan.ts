import type { Command } from "../command.ts";
import { registriesFile } from "../environment.ts";

interface PlanArguments {
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
  run: async (args) => {
    const { makePlan } = await import("../../lib/plan/make.ts");
    const { planDocument } = await import("../../lib/plan/document.ts");
    const { readRegistriesFile } = await import("../../lib/app/registries.ts");
    const appVersion = args["app-version"];
    const plan = await makePlan(args.dir, {
      simulation: args.simulation,
      ...(appVersion !== undefined && { appVersion }),
    });
    const document = planDocument(plan, await readRegistriesFile(registriesFile(process.env)));
    if (args.json) {
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      return;
    }
    const { renderPlan } = await import("../ui/plan.ts");
    const { print, warn } = await import("../ui/text.ts");
    print(renderPlan(document));
    for (const warning of document.warnings) warn(warning);
  },
};
