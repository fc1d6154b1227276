import { exposedKeyWarning, readSigningKey, receiveSigningKey, type SigningKey } from "../lib/keys/private-key.ts";
import { warn } from "./ui/text.ts";

/** The key in a file, or on stdin for `-`. Warns of a file that others can read. */
export async function signingKey(file: string): Promise<SigningKey> {
  if (file === "-") return receiveSigningKey(process.stdin, "the key on stdin");
  const { key, exposed } = await readSigningKey(file);
  if (exposed) warn(exposedKeyWarning(file));
  return key;
}
