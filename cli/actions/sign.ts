import { nameOfKind } from "../../lib/keys/signature.ts";
import { readSignable, signFile } from "../../lib/sign/sign.ts";
import type { SignArguments } from "../commands/sign.ts";
import { withSignals } from "../signals.ts";
import { signingKey } from "../signing-key.ts";
import { print } from "../ui/text.ts";

export async function run({ file, key: keyFile, output }: SignArguments): Promise<void> {
  const key = await signingKey(keyFile);
  const artifact = await readSignable(file);
  const options = { key, ...(output !== undefined && { output }) };
  const written = await withSignals((signal) => signFile(artifact, { ...options, signal }));
  const before = artifact.signed ? "; the signature before is gone" : "";
  print(`${written}: signed with ${nameOfKind(key.kind)}${before}\n`);
}
