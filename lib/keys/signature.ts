import { constants, type KeyObject, verify } from "node:crypto";
import type { SignatureKind } from "../../spec/mender.ts";

/** Bytes of an ECDSA signature on P-256: r and s, 32 bytes each, big-endian (IEEE P1363). */
const P256_SIZE = 64;

/** What a key signs with, or undefined of keys that Mender does not know. */
export function kindOfKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureKind | undefined {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === "rsa" && modulusLength !== undefined) return { algorithm: "RSA", bits: modulusLength };
  return asymmetricKeyType === "ec" && namedCurve === "prime256v1"
    ? { algorithm: "ECDSA P-256", bits: 256 }
    : undefined;
}

/** What to call a key of any kind: `rsa-pss`, `ec secp384r1`. */
export function nameOfKey({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): string {
  const curve = asymmetricKeyDetails?.namedCurve;
  return curve === undefined ? `${type}` : `${type} ${curve}`;
}

/** What a signature was made with, by its size alone: any RSA key's is larger than that of ECDSA. */
export function kindOfSignature({ length }: Uint8Array): SignatureKind {
  return length === P256_SIZE ? { algorithm: "ECDSA P-256", bits: 256 } : { algorithm: "RSA", bits: length * 8 };
}

/** `RSA 3072`, `ECDSA P-256`. */
export function nameOfKind({ algorithm, bits }: SignatureKind): string {
  return algorithm === "RSA" ? `${algorithm} ${bits}` : algorithm;
}

/** Bytes of a signature of this kind. */
export function signatureSize({ algorithm, bits }: SignatureKind): number {
  return algorithm === "RSA" ? Math.ceil(bits / 8) : P256_SIZE;
}

/** One line of base64 without its end. */
const TEXT = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What is in a member `manifest.sig`, or undefined when that is no signature. */
export function decodeSignature(member: Uint8Array): Buffer | undefined {
  const text = Buffer.from(member).toString("latin1");
  if (!TEXT.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= P256_SIZE ? bytes : undefined;
}

/** Whether a signature of these bytes was made with the private key of this public key. */
export function isSignatureOf(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const kind = kindOfKey(key);
  if (kind === undefined || signature.length !== signatureSize(kind)) return false;
  return kind.algorithm === "RSA"
    ? verify("sha256", message, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
    : verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
}
