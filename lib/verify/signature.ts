import type { ArtifactScan } from "../inspect/artifact.ts";
import type { VerifyKey } from "../keys/public-key.ts";
import { decodeSignature, isSignatureOf, kindOfSignature, nameOfKind } from "../keys/signature.ts";
import { SIGNATURE_MEMBER } from "../mender/documents.ts";
import type { Findings } from "./findings.ts";

/**
 * The signature of `manifest`, which covers all else by its checksums.
 *
 * @param artifact absent for files of other kinds, which carry none
 * @param keys any of them may have signed; without keys a signature is not asked for
 * @returns the key that did
 */
export function checkSignature(
  artifact: ArtifactScan | undefined,
  keys: readonly VerifyKey[],
  findings: Findings,
): VerifyKey | undefined {
  const member = (wanted: string) => artifact?.members.find(({ name }) => name === wanted);
  const found = member(SIGNATURE_MEMBER);
  if (found === undefined) {
    if (keys.length > 0) findings.problem(artifact === undefined ? "archive" : "artifact", "is not signed");
    return undefined;
  }
  const signature = found.bytes && decodeSignature(found.bytes);
  if (signature === undefined) {
    findings.problem(SIGNATURE_MEMBER, "is no signature in one line of base64");
    return undefined;
  }
  if (keys.length === 0) {
    findings.warning(SIGNATURE_MEMBER, "the signature is not checked: that takes the public key");
    return undefined;
  }
  const manifest = member("manifest")?.bytes;
  const signer = manifest && keys.find(({ key }) => isSignatureOf(key, manifest, signature));
  if (signer === undefined) {
    const given = keys.map(({ file, kind }) => `${file} (${nameOfKind(kind)})`).join(", ");
    findings.problem(
      SIGNATURE_MEMBER,
      `the signature, ${nameOfKind(kindOfSignature(signature))}, is not one of this manifest by ${given}`,
    );
  }
  return signer;
}
