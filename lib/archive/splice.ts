import { storedMember } from "../gzip/stored.ts";
import { type Archive, archiveParts } from "./compose.ts";
import type { Piece } from "./pieces.ts";

/**
 * The archive as a gzip file without packing anything: a gzip file may be a row of members (RFC 1952, section 2.2), and
 * a stored layer *is* a member (or several) that unpacks to exactly the plain layer. So the layers' bytes go in as they
 * are, and what stands between them goes into small members that are only stored. Unpacked, it is one archive with plain
 * layers, which every engine reads.
 */
export function spliceArchive(archive: Archive): Piece[] {
  return archiveParts(archive).map((part) =>
    "bytes" in part ? { bytes: storedMember(part.bytes) } : { blob: part.layer },
  );
}

/** The archive as a plain tar file; its layers must be in the form in which the store has them. */
export function plainArchive(archive: Archive): Piece[] {
  return archiveParts(archive).map((part) => {
    if ("bytes" in part) return part;
    if (part.form !== "gzip") throw new Error("a plain archive takes layers as they are stored");
    return { blob: part.layer };
  });
}
