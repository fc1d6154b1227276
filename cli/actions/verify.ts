import { AircrateError, findingLine } from "../../lib/error.ts";
import { readVerifyKey, type VerifyKey } from "../../lib/keys/public-key.ts";
import { type Verification, type VerifyOptions, verifyFile } from "../../lib/verify/verify.ts";
import type { VerifyArguments } from "../commands/verify.ts";
import { renderVerified } from "../ui/inspection.ts";
import { print, warn } from "../ui/text.ts";

export async function run(args: VerifyArguments): Promise<void> {
  const keys: VerifyKey[] = [];
  for (const file of args.key) keys.push(await readVerifyKey(file));
  const { inspection, signer } = await prove(args.file, { keys, with: args.with });
  print(renderVerified(inspection, signer?.file));
}

/** Verifies a file and shows the warnings. @throws AircrateError integrity when there are problems; as `verifyFile` */
export async function prove(file: string, options: VerifyOptions = {}): Promise<Verification> {
  const verification = await verifyFile(file, options);
  const { problems, warnings } = verification;
  for (const warning of warnings) warn(findingLine(warning));
  if (problems.length > 0) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new AircrateError("integrity", `verify found ${count}`, {
      where: file,
      reason: problems.map(findingLine),
      hint: "do not install the file; build or fetch it again",
    });
  }
  return verification;
}
