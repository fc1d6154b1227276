import { type BuildOptions, build } from "../../lib/build/build.ts";
import type { SigningKey } from "../../lib/keys/private-key.ts";
import type { WorkPool } from "../../lib/workers/pool.ts";
import { checkOptions } from "../check-options.ts";
import type { BuildArguments } from "../commands/build.ts";
import { imageOptions } from "../image-options.ts";
import { renderReport } from "../ui/report.ts";
import { print, printJson, warn } from "../ui/text.ts";
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
  if (args.strict) await checkStrictly(args);
  const report = await watched(args, ({ signal, onEvent }) => build({ ...options, signal, onEvent }));
  if (args.json) {
    printJson(report);
    return;
  }
  if (!args.quiet) print(renderReport(report, args));
  for (const warning of report.warnings) warn(warning);
}

async function checkStrictly(args: BuildArguments): Promise<void> {
  const { requireClean } = await import("../../lib/check/strict.ts");
  await requireClean(args.dir, checkOptions(args, process.env));
}

async function loadKey(file: string): Promise<SigningKey> {
  const { signingKey } = await import("../signing-key.ts");
  return signingKey(file);
}
