import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AircrateError, systemCode } from "../error.ts";

/** The certificates of all authorities that systems know together are a tenth of it. */
const MAX_FILE = 4 * 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates in a PEM file (RFC 7468), at least one, each checked. @throws AircrateError input */
export async function readCertificates(file: string): Promise<string[]> {
  const text = (await readPem(file)).toString("latin1");
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0 || found.length !== text.split("-----BEGIN CERTIFICATE-----").length - 1) {
    throw new AircrateError("input", "it is not a file of certificates in PEM", {
      where: file,
      hint: "a certificate in DER is converted by: openssl x509 -inform der -in FILE -out FILE.crt",
    });
  }
  for (const [i, pem] of found.entries()) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw new AircrateError("input", `certificate ${i + 1} of ${found.length} in it is malformed`, {
        where: file,
        reason: systemCode(error) ?? "",
        cause: error,
      });
    }
  }
  return found;
}

/** A file in which keys or certificates are looked for. @throws AircrateError input */
export async function readPem(file: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new AircrateError("input", "the file cannot be read", {
      where: file,
      reason: systemCode(error) ?? (error as Error).message,
      cause: error,
    });
  }
  if (bytes.length <= MAX_FILE) return bytes;
  throw new AircrateError("input", "it is larger than 4 MiB, which no file of certificates is", { where: file });
}
