import { storeFolder } from "../../lib/environment.ts";
import { AircrateError } from "../../lib/error.ts";
import { extractPath, nameOf } from "../../lib/extract/extract.ts";
import type { ImageOptions } from "../../lib/extract/image.ts";
import { listPath } from "../../lib/extract/list.ts";
import { parseTargetPlatform } from "../../lib/platform.ts";
import type { ExtractArguments } from "../commands/extract.ts";
import { withSignals } from "../signals.ts";
import { stdoutWriter } from "../stdout.ts";
import { renderExtraction, renderListing } from "../ui/extract.ts";
import { print, warn } from "../ui/text.ts";

export async function run(args: ExtractArguments): Promise<void> {
  const { service, path } = wordsOf(args);
  const { file, list, force, platform } = args;
  const image: ImageOptions = {
    ...{ service, with: args.with },
    ...(platform !== undefined && { platform: parseTargetPlatform(platform) }),
  };
  if (list) {
    print(renderListing(await withSignals((signal) => listPath(file, { ...image, path: path ?? "/", signal }))));
    return;
  }
  const options = { ...image, path: requirePath(path, args), force, sameOwner: requireRoot(args["same-owner"]) };
  const output =
    args.output === "-"
      ? stdoutWriter("a file", "aircrate extract FILE SERVICE PATH -o - | less")
      : (args.output ?? ".");
  const store = storeFolder(process.env);
  const extraction = await withSignals((signal) => extractPath(file, { ...options, output, store, signal }));
  for (const { path: name, why } of extraction.leftOut) warn(`${name} is left out: ${why}`);
  if (extraction.output !== undefined) print(renderExtraction(extraction));
}

/** The service may be left out: a path begins with a slash, and no service and no tag does. */
function wordsOf({ service, path }: ExtractArguments): Pick<ExtractArguments, "service" | "path"> {
  const isPath = path === undefined && service?.startsWith("/") === true;
  return isPath
    ? { path: service }
    : { ...(service !== undefined && { service }), ...(path !== undefined && { path }) };
}

/** @throws AircrateError usage: without a path, or with the root of the image for this folder */
function requirePath(path: string | undefined, { output }: ExtractArguments): string {
  if (path === undefined || path === "") {
    throw new AircrateError("usage", "name what to take out", { hint: "--list shows what is there; / is all of it" });
  }
  if (output !== undefined || nameOf(path) !== "") return path;
  throw new AircrateError("usage", "name the folder to write to with -o", {
    reason: `${path} has no name, so its files would go into this folder`,
  });
}

function requireRoot(sameOwner: boolean): boolean {
  if (!sameOwner || process.getuid?.() === 0) return sameOwner;
  throw new AircrateError("usage", "--same-owner is for root: nobody else may give files away");
}
