import type { CheckOptions } from "../lib/check/check.ts";
import { storeFolder } from "../lib/environment.ts";
import type { CheckArguments } from "./commands/check.ts";

/** How a project is checked, from the command line and the environment. */
export function checkOptions(
  args: Pick<CheckArguments, "app-version" | "simulation" | "strict">,
  env: NodeJS.ProcessEnv,
): CheckOptions {
  const { strict, simulation, "app-version": appVersion } = args;
  return { store: storeFolder(env), strict, simulation, ...(appVersion !== undefined && { appVersion }) };
}
