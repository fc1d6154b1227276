import { readRegistriesFile } from "../../lib/app/registries.ts";
import { registriesFile, storeFolder } from "../../lib/environment.ts";
import { planDocument } from "../../lib/plan/document.ts";
import { makePlan } from "../../lib/plan/make.ts";
import type { PlanArguments } from "../commands/plan.ts";
import { renderPlan } from "../ui/plan.ts";
import { print, printJson, warn } from "../ui/text.ts";

export async function run(args: PlanArguments): Promise<void> {
  const appVersion = args["app-version"];
  const plan = await makePlan(args.dir, {
    simulation: args.simulation,
    store: storeFolder(process.env),
    ...(appVersion !== undefined && { appVersion }),
  });
  const document = planDocument(plan, await readRegistriesFile(registriesFile(process.env)));
  if (args.json) {
    printJson(document);
    return;
  }
  print(renderPlan(document));
  for (const warning of document.warnings) warn(warning);
}
