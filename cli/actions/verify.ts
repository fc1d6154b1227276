import { AircrateError } from "../../lib/error.ts";
import { readVerifyKey, type VerifyKey } from "../../lib/keys/public-key.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import type { VerifyArguments } from "../commands/verify.ts";
import { renderVerified } from "../ui/inspection.ts";
import { print, warn } from "../ui/text.ts";

export async function run(args: VerifyArguments): Promise<void> {
  const keys: VerifyKey[] = [];
  for (const file of args.key) keys.push(await readVerifyKey(file));
  const { problems, warnings, inspection, signer } = await verifyFile(args.file, { keys });
  for (const { where, message } of warnings) warn(`${where}: ${message}`);
  if (problems.length > 0) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new AircrateError("integrity", `verify found ${count}`, {
      where: args.file,
      reason: problems.map(({ where, message }) => `${where}: ${message}`),
      hint: "do not install the file; build or fetch it again",
    });
  }
  print(renderVerified(inspection, signer?.file));
}
