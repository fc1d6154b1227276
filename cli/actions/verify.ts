import { findingLine } from "../../lib/error.ts";
import { readVerifyKey, type VerifyKey } from "../../lib/keys/public-key.ts";
import { requireProved } from "../../lib/verify/prove.ts";
import { type Verification, type VerifyOptions, verifyFile } from "../../lib/verify/verify.ts";
import type { VerifyArguments } from "../commands/verify.ts";
import { renderVerified } from "../ui/inspection.ts";
import { print, warn } from "../ui/text.ts";

export async function run(args: VerifyArguments): Promise<void> {
  const keys: VerifyKey[] = [];
  for (const file of args.key) keys.push(await readVerifyKey(file));
  const verification = await verified(args.file, { keys, with: args.with });
  requireProved(verification);
  const { inspection, signer } = verification;
  print(renderVerified(inspection, signer?.file));
}

/** Verifies a file and shows the warnings. @throws AircrateError as `verifyFile` */
export async function verified(file: string, options: VerifyOptions = {}): Promise<Verification> {
  const verification = await verifyFile(file, options);
  for (const warning of verification.warnings) warn(findingLine(warning));
  return verification;
}
