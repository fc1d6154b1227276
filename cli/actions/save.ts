import { storeFolder } from "../../lib/environment.ts";
import { saveImages } from "../../lib/local/save.ts";
import { formatPlatform, parseTargetPlatform } from "../../lib/platform.ts";
import { findStore } from "../../lib/store/survey.ts";
import type { SaveArguments } from "../commands/save.ts";
import { withSignals } from "../signals.ts";
import { stdoutWriter } from "../stdout.ts";
import { bytes, print } from "../ui/text.ts";

export async function run({ names, output, platform }: SaveArguments): Promise<void> {
  const file = output === "-" ? undefined : output;
  const options = {
    output: file ?? stdoutWriter("an archive", "aircrate save NAME:TAG | gzip > FILE"),
    ...(platform !== undefined && { platform: formatPlatform(parseTargetPlatform(platform)) }),
  };
  const store = await findStore(storeFolder(process.env));
  const size = await withSignals((signal) => saveImages(store, names, { ...options, signal }));
  if (file !== undefined) print(`${file}  ${bytes(size)}\n`);
}
