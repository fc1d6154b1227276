import type { SigningKey } from "../keys/private-key.ts";

/** A private key in PEM, RSA or ECDSA on P-256: the path of its file, or the file's bytes, which are copied and wiped. */
export type PrivateKey = string | Uint8Array;

/** @throws AircrateError unreachable, input */
export async function openKey(source: PrivateKey): Promise<{ key: SigningKey; warnings: string[] }> {
  const { exposedKeyWarning, readSigningKey, receiveSigningKey } = await import("../keys/private-key.ts");
  if (typeof source !== "string") {
    return { key: await receiveSigningKey(once(new Uint8Array(source)), "the private key"), warnings: [] };
  }
  const { key, exposed } = await readSigningKey(source);
  return { key, warnings: exposed ? [exposedKeyWarning(source)] : [] };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
