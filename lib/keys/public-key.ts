import { createPublicKey, type KeyObject } from "node:crypto";
import type { SignatureKind } from "../../spec/mender.ts";
import { AircrateError, systemCode } from "../error.ts";
import { withKeyFile } from "./key-file.ts";
import { findPem } from "./pem.ts";
import { kindOfKey, nameOfKey } from "./signature.ts";

/** A key that signatures are checked with. */
export interface VerifyKey {
  readonly file: string;
  readonly kind: SignatureKind;
  readonly key: KeyObject;
}

/** Bytes of a SubjectPublicKeyInfo that names P-256 and has the point uncompressed (RFC 5480). */
const NAMED_SIZE = 91;

const LABELS = ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"];

/**
 * Reads a public key: PEM as SubjectPublicKeyInfo (`PUBLIC KEY`), PKCS #1 (`RSA PUBLIC KEY`) or X.509 certificate, of
 * which only the key counts: Mender knows neither authorities nor dates.
 *
 * @throws AircrateError unreachable: the file does not exist or cannot be read; input: it holds no such key
 */
export async function readVerifyKey(file: string): Promise<VerifyKey> {
  const { value } = await withKeyFile(file, async (bytes) => loadPublicKey(bytes, file));
  const kind = kindOfKey(value);
  if (kind === undefined) throw refused(`is ${nameOfKey(value)}, and Mender takes RSA and ECDSA on P-256`, file);
  if (kind.algorithm !== "RSA" && value.export({ type: "spki", format: "der" }).length !== NAMED_SIZE) {
    throw refused("spells the curve out instead of naming it, and Mender does not take that", file, [
      "openssl pkey -pubin -in PUB.pem -ec_param_enc named_curve -out NAMED.pem",
    ]);
  }
  return { file, kind, key: value };
}

function loadPublicKey(file: Buffer, where: string): KeyObject {
  const blocks = findPem(file);
  if (blocks.some(({ label }) => label.endsWith("PRIVATE KEY"))) {
    throw refused("is a private key, and verifying takes the public one", where, PUBLIC_OF_PRIVATE);
  }
  const keys = blocks.filter(({ label }) => LABELS.includes(label));
  const [block] = keys;
  if (block === undefined) throw refused("holds no public key in PEM", where, PUBLIC_OF_PRIVATE);
  if (keys.length > 1) throw refused(`holds ${keys.length} public keys`, where, "keep each in a file of its own");
  try {
    return createPublicKey({ key: block.bytes, format: "pem" });
  } catch (error) {
    throw refused("the public key cannot be read", where, [], systemCode(error));
  }
}

const PUBLIC_OF_PRIVATE = "openssl pkey -in KEY.pem -pubout -out PUB.pem writes the public key";

function refused(what: string, where: string, hint: string | readonly string[] = [], reason = ""): AircrateError {
  return new AircrateError("input", what, { where, hint, reason: reason === "" ? [] : reason });
}
