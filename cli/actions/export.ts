import { stat } from "node:fs/promises";
import path from "node:path";
import { storeFolder } from "../../lib/environment.ts";
import { AircrateError } from "../../lib/error.ts";
import { type ExportOptions, exportFile } from "../../lib/export/export.ts";
import { parseTargetPlatform } from "../../lib/platform.ts";
import type { ExportArguments } from "../commands/export.ts";
import { withSignals } from "../signals.ts";
import { stdoutWriter } from "../stdout.ts";
import { bytes, print } from "../ui/text.ts";

export async function run(args: ExportArguments): Promise<void> {
  const { file, format, output, platform } = args;
  const options: ExportOptions = {
    ...{ store: storeFolder(process.env), form: format, services: args.service, with: args.with },
    output: await outputOf(args),
    ...(platform !== undefined && { platform: parseTargetPlatform(platform) }),
  };
  const size = await withSignals((signal) => exportFile(file, { ...options, signal }));
  if (typeof options.output !== "function") print(`${output}  ${bytes(size)}\n`);
}

async function outputOf({ output, format }: ExportArguments): Promise<ExportOptions["output"]> {
  if (output === undefined || output === "-") return stdoutWriter("an archive", "aircrate export FILE | docker load");
  const named = output.endsWith("/") || output.endsWith(path.sep);
  if (!named && (await stat(output).catch(() => undefined))?.isDirectory() !== true) return output;
  if (format === "oci") return { folder: output };
  throw new AircrateError("usage", "only an image layout can be a folder", {
    where: output,
    hint: "name a file, or write a layout with --format oci",
  });
}
