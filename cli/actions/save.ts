import type { Write } from "../../lib/archive/pieces.ts";
import { AircrateError } from "../../lib/error.ts";
import { saveImages } from "../../lib/local/save.ts";
import { formatPlatform, parseTargetPlatform } from "../../lib/platform.ts";
import { findStore } from "../../lib/store/survey.ts";
import type { SaveArguments } from "../commands/save.ts";
import { storeFolder } from "../environment.ts";
import { withSignals } from "../signals.ts";
import { bytes, print } from "../ui/text.ts";

export async function run({ names, output, platform }: SaveArguments): Promise<void> {
  const options = {
    output: output ?? stdout(),
    ...(platform !== undefined && { platform: formatPlatform(parseTargetPlatform(platform)) }),
  };
  const store = await findStore(storeFolder(process.env));
  const size = await withSignals((signal) => saveImages(store, names, { ...options, signal }));
  if (output !== undefined) print(`${output}  ${bytes(size)}\n`);
}

/** @throws AircrateError usage when it is a terminal */
function stdout(): Write {
  if (process.stdout.isTTY) {
    throw new AircrateError("usage", "an archive is not written to a terminal", {
      hint: "name a file with -o, or pipe it: aircrate save NAME:TAG | gzip > FILE",
    });
  }
  return (chunk) =>
    new Promise((resolve, reject) => {
      process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}
