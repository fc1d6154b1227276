import { type BuildOptions, build } from "../../lib/build/build.ts";
import { AircrateError } from "../../lib/error.ts";
import type { SigningKey } from "../../lib/keys/private-key.ts";
import type { WorkPool } from "../../lib/workers/pool.ts";
import { checkOptions } from "../check-options.ts";
import type { BuildArguments } from "../commands/build.ts";
import { imageOptions } from "../image-options.ts";
import { renderReport } from "../ui/report.ts";
import { counted, print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function run(args: BuildArguments, pool: WorkPool): Promise<void> {
  const options: BuildOptions = {
    dir: args.dir,
    pool,
    ...(await imageOptions(args, process.env)),
    ...(args.output !== undefined && { output: args.output }),
    ...(args.format !== undefined && { format: args.format }),
    ...(args["app-version"] !== undefined && { appVersion: args["app-version"] }),
    unversionedFile: args["unversioned-file"],
    locked: args.locked,
    imageGzip: args["image-gzip"],
    thin: args.thin,
    since: args.since,
    simulation: args.simulation,
    ...(args.sign !== undefined && { key: await loadKey(args.sign) }),
  };
  if (args.strict) await requireClean(args);
  const report = await watched(args, ({ signal, onEvent }) => build({ ...options, signal, onEvent }));
  if (args.json) {
    printJson(report);
    return;
  }
  if (!args.quiet) print(renderReport(report, args));
  for (const warning of report.warnings) warn(warning);
}

/** @throws AircrateError input: there is something to warn of */
async function requireClean(args: BuildArguments): Promise<void> {
  const { checkProject } = await import("../../lib/check/check.ts");
  const { renderFinding } = await import("../ui/check.ts");
  const report = await checkProject(args.dir, checkOptions({ ...args, strict: true }, process.env));
  if (report.problems === 0) return;
  throw new AircrateError("input", `check found ${counted(report.problems, "problem")}`, {
    where: args.dir,
    reason: report.findings.flatMap((finding) => renderFinding(finding).trimEnd().split("\n")),
  });
}

async function loadKey(file: string): Promise<SigningKey> {
  const { signingKey } = await import("../signing-key.ts");
  return signingKey(file);
}
