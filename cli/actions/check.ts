import { checkProject } from "../../lib/check/check.ts";
import { AircrateError } from "../../lib/error.ts";
import { checkOptions } from "../check-options.ts";
import type { CheckArguments } from "../commands/check.ts";
import { renderCheck } from "../ui/check.ts";
import { counted, print, printJson } from "../ui/text.ts";

export async function run(args: CheckArguments): Promise<void> {
  const report = await checkProject(args.dir, checkOptions(args, process.env));
  if (args.json) printJson(report);
  else print(renderCheck(report));
  if (report.problems === 0) return;
  throw new AircrateError("input", `check found ${counted(report.problems, "problem")}`, { where: args.dir });
}
