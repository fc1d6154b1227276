import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOk } from "./run.ts";

/** A certificate and its key, as PEM files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** An authority of our own, in files `NAME.pem` and `NAME.key` of the folder. */
export async function makeAuthority(dir: string, name = "ca"): Promise<Certificate> {
  const files = filesOf(dir, name);
  const to = ["-keyout", files.keyFile, "-out", files.certFile];
  await runOk("openssl", ["req", "-x509", ...NEW_KEY, "-days", "2", "-subj", `/CN=aircrate test ${name}`, ...to]);
  return files;
}

export interface CertificateOptions {
  readonly authority: Certificate;
  /** Subject alternative names as openssl writes them, for a server; none for a client. */
  readonly names?: string;
  /** Days that it is good for; a negative number makes one that has expired. */
  readonly days?: number;
}

/** A certificate that the authority has signed, in files `NAME.pem` and `NAME.key`. */
export async function makeCertificate(dir: string, name: string, options: CertificateOptions): Promise<Certificate> {
  const { authority, names, days = 2 } = options;
  const files = filesOf(dir, name);
  const at = (ending: string) => join(dir, `${name}.${ending}`);
  await runOk("openssl", ["req", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", files.keyFile, "-out", at("csr")]);
  writeFileSync(at("ext"), names === undefined ? "extendedKeyUsage=clientAuth\n" : `subjectAltName=${names}\n`);
  const signing = ["-CA", authority.certFile, "-CAkey", authority.keyFile, "-CAcreateserial", "-days", String(days)];
  await runOk("openssl", ["x509", "-req", "-in", at("csr"), ...signing, "-extfile", at("ext"), "-out", files.certFile]);
  return files;
}

function filesOf(dir: string, name: string): Certificate {
  return { certFile: join(dir, `${name}.pem`), keyFile: join(dir, `${name}.key`) };
}
