import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { SignatureKind } from "../../spec/mender.ts";
import { AircrateError, systemCode } from "../error.ts";
import { withKeyBytes, withKeyFile } from "./key-file.ts";
import { findPem, type PemBlock } from "./pem.ts";
import { isSignatureOf, kindOfKey, nameOfKey, nameOfKind, signatureSize } from "./signature.ts";

/** Signs manifests of artifacts. The key itself is out of reach: neither inspecting nor printing this shows it. */
export interface SigningKey {
  readonly kind: SignatureKind;
  /** Characters that `sign` gives. */
  readonly textSize: number;
  /**
   * The content of `manifest.sig`: base64 in one line without its end. The same manifest always gives the same
   * signature.
   */
  sign(manifest: Uint8Array): string;
}

/** Public documents of Mender name 3072 bits; below 2048 no key is taken for safe (NIST SP 800-131A). */
const MIN_RSA = 2048;

const NEW_KEYS = [
  "for a new one: openssl genrsa -out KEY.pem 3072",
  "or: openssl ecparam -name prime256v1 -genkey -noout -out KEY.pem",
];

/**
 * Reads a private key: PEM in PKCS #1 (`RSA PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`, also behind `EC PARAMETERS`) or
 * PKCS #8 (`PRIVATE KEY`), more than mender-artifact takes.
 *
 * @returns the key, and whether other users of the machine can read its file
 * @throws AircrateError unreachable: the file does not exist or cannot be read; input: it holds no key that can sign;
 *   what is in the file stands in no error
 */
export async function readSigningKey(file: string): Promise<{ key: SigningKey; exposed: boolean }> {
  const { value, exposed } = await withKeyFile(file, (bytes) => createSigningKey(loadPrivateKey(bytes, file), file));
  return { key: value, exposed };
}

/** Warns of a key that others can read. */
export function exposedKeyWarning(file: string): string {
  return `${file}: other users of this machine can read the private key (chmod 600 keeps them out)`;
}

/**
 * As {@link readSigningKey}, for a key that comes from elsewhere, such as a pipe.
 *
 * @param where what errors call it
 */
export function receiveSigningKey(chunks: AsyncIterable<Uint8Array>, where: string): Promise<SigningKey> {
  return withKeyBytes(chunks, where, (bytes) => createSigningKey(loadPrivateKey(bytes, where), where));
}

function loadPrivateKey(file: Buffer, where: string): KeyObject {
  const blocks = findPem(file);
  const keys = blocks.filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [block] = keys;
  if (block === undefined) throw noPrivateKey(file, blocks, where);
  if (keys.length > 1) throw refused(`holds ${keys.length} private keys`, where, "keep each in a file of its own");
  if (block.label === "ENCRYPTED PRIVATE KEY" || block.bytes.includes("Proc-Type: 4,ENCRYPTED")) {
    throw refused("the private key is encrypted", where, [
      "let openssl ask for the passphrase, and give - in place of the file:",
      "openssl pkey -in KEY.pem | aircrate sign FILE --key - (or build --sign -)",
    ]);
  }
  if (block.label === "OPENSSH PRIVATE KEY") {
    throw refused("the private key is in OpenSSH's own format", where, [
      "convert a copy of it: cp KEY KEY.pem && ssh-keygen -p -m PEM -f KEY.pem",
      ...NEW_KEYS,
    ]);
  }
  try {
    return createPrivateKey({ key: block.bytes, format: "pem" });
  } catch (error) {
    // The error of the library goes no further: no one can tell what the next version of it quotes.
    throw refused("the private key cannot be read", where, "openssl pkey -check -noout -in KEY.pem tells more", [
      systemCode(error) ?? "it is damaged",
    ]);
  }
}

function noPrivateKey(file: Buffer, blocks: readonly PemBlock[], where: string): AircrateError {
  if (blocks.some(({ label }) => label.endsWith("PUBLIC KEY") || label === "CERTIFICATE")) {
    return refused("holds a public key, and signing takes the private one", where);
  }
  // SEQUENCE, with which every key in DER begins (X.690).
  if (file[0] === 0x30) {
    return refused("is no PEM file", where, "for a key in DER: openssl pkey -inform DER -in KEY -out KEY.pem");
  }
  return refused("holds no private key in PEM", where, NEW_KEYS);
}

async function createSigningKey(key: KeyObject, where: string): Promise<SigningKey> {
  const kind = kindOfKey(key);
  if (kind === undefined) {
    throw refused(`is ${nameOfKey(key)}, and Mender takes RSA and ECDSA on P-256`, where, NEW_KEYS);
  }
  if (kind.algorithm === "RSA" && kind.bits < MIN_RSA) {
    throw refused(`${nameOfKind(kind)} is too short to be safe: ${MIN_RSA} bits at least`, where, NEW_KEYS);
  }
  const publicKey = createPublicKey(key);
  const signer = kind.algorithm === "RSA" ? signRsa : await loadSignEcdsa();
  return {
    kind,
    textSize: Math.ceil(signatureSize(kind) / 3) * 4,
    sign(manifest) {
      const signature = signer(key, manifest);
      // One wrong bit in the work can give the key away; and no device would take the artifact.
      if (!isSignatureOf(publicKey, manifest, signature)) throw new Error("the signature that was made is wrong");
      return signature.toString("base64");
    },
  };
}

function signRsa(key: KeyObject, manifest: Uint8Array): Buffer {
  return sign("sha256", manifest, { key, padding: constants.RSA_PKCS1_PADDING });
}

/**
 * ECDSA with the nonces of RFC 6979: Node's are random, and then the same build would give other bytes each time.
 * RSA needs no such thing. The key is outside OpenSSL's memory only while it signs; what is wiped are the bytes, not the
 * numbers that the library makes of them.
 */
async function loadSignEcdsa(): Promise<typeof signRsa> {
  const { p256 } = await import("@noble/curves/nist.js");
  return (key, manifest) => {
    const der = key.export({ type: "sec1", format: "der" });
    try {
      return Buffer.from(p256.sign(manifest, privateNumber(der), { lowS: false }));
    } finally {
      der.fill(0);
    }
  };
}

/** The octets of `privateKey` in an ECPrivateKey (RFC 5915), which stand behind the version, 1. */
function privateNumber(der: Buffer): Buffer {
  const content = 2 + (der[1]! > 0x80 ? der[1]! - 0x80 : 0);
  const [version, start] = [der.subarray(content, content + 3), content + 5];
  if (!version.equals(Buffer.of(2, 1, 1)) || der.readUInt16BE(content + 3) !== 0x0420) {
    throw new Error("no ECPrivateKey of P-256");
  }
  return der.subarray(start, start + 32);
}

function refused(
  what: string,
  where: string,
  hint: string | readonly string[] = [],
  reason: readonly string[] = [],
): AircrateError {
  return new AircrateError("input", what, { where, hint, reason });
}
