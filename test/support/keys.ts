import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { tempDir } from "./cleanup.ts";

export interface KeyFiles {
  /** PEM in the form that mender-artifact takes: PKCS #1, or SEC 1 for `ec`. */
  readonly privateFile: string;
  /** PEM as SubjectPublicKeyInfo. */
  readonly publicFile: string;
  readonly privateKey: KeyObject;
}

export type KeyType = "rsa" | "ec";

/** A new key of 2048 bits or on P-256, in files that only their owner can read. */
export function keyFiles(t: TestContext, type: KeyType): KeyFiles {
  const dir = tempDir(t);
  const { privateKey } = newKey(type);
  const [privateFile, publicFile] = [join(dir, "private.pem"), join(dir, "public.pem")];
  writeFileSync(privateFile, pemOf(privateKey), { mode: 0o600 });
  writeFileSync(publicFile, createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
  return { privateFile, publicFile, privateKey };
}

export function newKey(type: KeyType): { publicKey: KeyObject; privateKey: KeyObject } {
  return type === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** A private key as text, by default in the form that is special to its kind. */
export function pemOf(key: KeyObject, form?: "pkcs8"): string {
  return key.export({ type: form ?? (key.asymmetricKeyType === "rsa" ? "pkcs1" : "sec1"), format: "pem" }).toString();
}
