import { nameOfKind } from "../../lib/keys/signature.ts";
import { signFile } from "../../lib/sign/sign.ts";
import type { SignArguments } from "../commands/sign.ts";
import { withSignals } from "../signals.ts";
import { signingKey } from "../signing-key.ts";
import { print } from "../ui/text.ts";

export async function run({ file, key: keyFile, output }: SignArguments): Promise<void> {
  const key = await signingKey(keyFile);
  const options = { key, ...(output !== undefined && { output }) };
  const signed = await withSignals((signal) => signFile(file, { ...options, signal }));
  const before = signed.replaced ? "; the signature before is gone" : "";
  print(`${signed.file}: signed with ${nameOfKind(key.kind)}${before}\n`);
}
