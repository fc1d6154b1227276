import { storeFolder } from "../../lib/environment.ts";
import { AircrateError } from "../../lib/error.ts";
import { buildLocalImage } from "../../lib/local/build.ts";
import { listImages, removeImages, tagImage } from "../../lib/local/images.ts";
import { parseTargetPlatform } from "../../lib/platform.ts";
import { findStore } from "../../lib/store/survey.ts";
import type { WorkPool } from "../../lib/workers/pool.ts";
import type {
  ImageBuildArguments,
  ImageListArguments,
  ImageRemoveArguments,
  ImageTagArguments,
} from "../commands/image.ts";
import { imageOptions } from "../image-options.ts";
import { renderImages, renderRecords } from "../ui/image.ts";
import { renderLocalBuild } from "../ui/report.ts";
import { print, printJson, warn } from "../ui/text.ts";
import { watched } from "../watched.ts";

export async function build(args: ImageBuildArguments, pool: WorkPool): Promise<void> {
  const options = {
    ...{ context: args.context, tags: args.tag, pool },
    ...(await imageOptions(args, process.env)),
    ...(args.file !== undefined && { dockerfile: args.file }),
    platform: parseTargetPlatform(args.platform),
    args: buildArguments(args["build-arg"], process.env),
    ...(args.target !== undefined && { target: args.target }),
  };
  const report = await watched(args, ({ signal, onEvent }) => buildLocalImage({ ...options, signal, onEvent }));
  if (args.json) {
    printJson(report);
    return;
  }
  print(args.quiet ? `${report.configDigest}\n` : renderLocalBuild(report));
  for (const warning of report.warnings) warn(warning);
}

/** As Docker reads them: a key alone takes its value from the environment, and is not given when that has none. */
function buildArguments(args: readonly string[], env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const arg of args) {
    const equals = arg.indexOf("=");
    const key = equals < 0 ? arg : arg.slice(0, equals);
    if (key === "")
      throw new AircrateError("usage", `"${arg}" is no build argument`, { hint: "write it as KEY=VALUE" });
    const value = equals < 0 ? env[key] : arg.slice(equals + 1);
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

export async function list({ json }: ImageListArguments): Promise<void> {
  const listing = await listImages(await openedStore());
  if (json) printJson(listing);
  else print(renderImages(listing));
}

export async function remove({ names }: ImageRemoveArguments): Promise<void> {
  print(renderRecords("forgot", await removeImages(await openedStore(), names)));
}

export async function tag(args: ImageTagArguments): Promise<void> {
  print(renderRecords("named", await tagImage(await openedStore(), args.old, args.new)));
}

function openedStore() {
  return findStore(storeFolder(process.env));
}
