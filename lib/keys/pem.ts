/** A block of a PEM file (RFC 7468); a view of the file's bytes, never a text: what is secret in it can be wiped. */
export interface PemBlock {
  /** As `RSA PRIVATE KEY`. */
  readonly label: string;
  /** With its first and last line. */
  readonly bytes: Buffer;
}

const BEGIN = "-----BEGIN ";
const DASHES = "-----";
const MAX_LABEL = 40;

/** All blocks of a file; what stands between them is left out, and so is a block without its last line. */
export function findPem(file: Buffer): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let at = file.indexOf(BEGIN); at >= 0; at = file.indexOf(BEGIN, at + 1)) {
    const start = at + BEGIN.length;
    const end = file.subarray(0, start + MAX_LABEL + DASHES.length).indexOf(DASHES, start);
    if (end < 0) continue;
    const label = file.toString("latin1", start, end);
    const last = `-----END ${label}-----`;
    const stop = file.indexOf(last, end);
    if (stop >= 0) blocks.push({ label, bytes: file.subarray(at, stop + last.length) });
  }
  return blocks;
}
