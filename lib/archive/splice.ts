import { crc32 } from "node:zlib";
import type { Digest } from "../digest.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import { GZIP_HEADER, gzipTrailer } from "../gzip/format.ts";
import type { Joint } from "../gzip/join.ts";
import { storedBlocks, storedMember } from "../gzip/stored.ts";
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

/**
 * The archive as a gzip file of one member, for readers that know no others, without packing anything either: the layers'
 * deflate streams become one, and what stands between them goes into stored blocks.
 *
 * @param joints of all layers, by the digest of their packed bytes
 */
export function joinArchive(archive: Archive, joints: ReadonlyMap<Digest, Joint>): Piece[] {
  const pieces: Piece[] = [{ bytes: GZIP_HEADER }];
  let crc = 0;
  let size = 0;
  for (const part of archiveParts(archive)) {
    if ("bytes" in part) {
      pieces.push({ bytes: Buffer.concat(storedBlocks(part.bytes, false)) });
      crc = crc32Combine(crc, crc32(part.bytes), part.bytes.length);
      size += part.bytes.length;
      continue;
    }
    const { layer } = part;
    const joint = joints.get(layer.digest);
    if (joint === undefined) throw new Error(`it is not known how ${layer.digest} is joined`);
    pieces.push({ blob: layer, cuts: joint.cuts });
    crc = crc32Combine(crc, joint.crc, layer.plainSize);
    size += layer.plainSize;
  }
  const end = [...storedBlocks(new Uint8Array(), true), gzipTrailer(crc, size)];
  return [...pieces, { bytes: Buffer.concat(end) }];
}

/** The archive as a plain tar file; its layers must be in the form in which the store has them. */
export function plainArchive(archive: Archive): Piece[] {
  return archiveParts(archive).map((part) => {
    if ("bytes" in part) return part;
    if (part.form !== "gzip") throw new Error("a plain archive takes layers as they are stored");
    return { blob: part.layer };
  });
}
