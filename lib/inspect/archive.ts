import type { Encoding, Finding } from "../../spec/inspection.ts";
import { type GzipBoundary, readGzip } from "../gzip/members.ts";
import { BLOCK } from "../tar/header.ts";
import type { FoundType, TarEnd } from "../tar/parser.ts";
import { readTar } from "../tar/reader.ts";
import { encodingOf, MAGIC_SIZE } from "../unpack/encoding.ts";
import { type BlobFacts, counted, scanBlob } from "./blob.ts";
import type { Budget } from "./limits.ts";
import { formatFault, type Tap } from "./tap.ts";

/** A member of an archive of images. */
export interface Member {
  /** Cleaned path: without `./`, doubled slashes or a slash at either end. */
  readonly name: string;
  /** As it stands in the archive. */
  readonly path: string;
  readonly type: FoundType;
  readonly size: number;
  /** Target of a symbolic or hard link. */
  readonly link: string;
  /** Where its content begins in the plain tar; absent in a folder. */
  readonly start?: number;
  /** Of regular files that could be read to their end. */
  readonly blob?: BlobFacts;
}

/** All that one pass over an archive of images gives: a docker-archive, or an OCI layout in a tar file or a folder. */
export interface ArchiveScan {
  /** What findings put in front of a member's name: empty, or the archive's own name and a slash. */
  readonly prefix: string;
  encoding: Encoding;
  /** By cleaned name, in their order; of two with one name it is the later one, as when they are unpacked. */
  readonly members: Map<string, Member>;
  /** Bytes of the plain tar. */
  plainSize?: number;
  /** What stands behind the last member; absent when the end was not reached. */
  end?: TarEnd;
  /** Members of the gzip file around it. */
  readonly boundaries: GzipBoundary[];
  /** Names of members that occur again with the same content, which some writers do for shared configs. */
  readonly repeated: Set<string>;
  /** What is wrong with the archive as a file. */
  readonly faults: Finding[];
}

export function createArchiveScan(prefix: string): ArchiveScan {
  return { prefix, encoding: "plain", members: new Map(), boundaries: [], repeated: new Set(), faults: [] };
}

/** Beyond this many the sizes of packed layers are no longer told. */
const MAX_BOUNDARIES = 200_000;

/**
 * Reads an archive, packed with gzip or not, to its end. What is wrong with it goes to its faults, and all that came
 * before stays readable.
 */
export async function scanArchive(tap: Tap, archive: ArchiveScan, budget: Budget): Promise<void> {
  const own = archive.prefix === "" ? "archive" : archive.prefix.slice(0, -1);
  archive.encoding = encodingOf(await tap.peek(MAGIC_SIZE));
  if (archive.encoding !== "plain" && archive.encoding !== "gzip") {
    archive.faults.push({ where: own, message: `is packed with ${archive.encoding}, which is not read here` });
    return;
  }
  const onBoundary = (boundary: GzipBoundary) => {
    if (archive.boundaries.length < MAX_BOUNDARIES) archive.boundaries.push(boundary);
  };
  const chunks = archive.encoding === "gzip" ? counted(readGzip(tap, onBoundary), budget) : tap;
  try {
    archive.end = await readTar(chunks, async (entry, content) => {
      budget.addMember();
      const { path, type, size, link } = entry;
      const blob = type === "file" ? await scanBlob(content, size, budget) : undefined;
      addMember(archive, { path, type, size, link, start: entry.offset + BLOCK, ...(blob && { blob }) });
    });
    archive.plainSize = archive.end.size;
  } catch (error) {
    archive.faults.push({ where: own, message: formatFault(error, tap) });
  }
}

/** Adds a member under its cleaned name. */
export function addMember(archive: ArchiveScan, member: Omit<Member, "name">): void {
  const where = `${archive.prefix}${member.path}`;
  const name = cleanMemberName(member.path);
  if (name === undefined) {
    archive.faults.push({ where, message: "the path leaves the archive" });
    return;
  }
  // The folder that an archive was made of.
  if (name === "" && member.type === "directory") return;
  const before = archive.members.get(name);
  if (before !== undefined && before.type === "file" && isSame(before, member)) archive.repeated.add(name);
  else if (before !== undefined && !isSame(before, member)) {
    archive.faults.push({ where, message: "the path occurs twice, with another content" });
  }
  archive.members.set(name, { name, ...member });
}

function isSame(one: Omit<Member, "name">, other: Omit<Member, "name">): boolean {
  return one.type === other.type && one.link === other.link && one.blob?.digest === other.blob?.digest;
}

/** Loaders take `./a//b` for `a/b`. @returns undefined for a path that climbs or cannot be one */
export function cleanMemberName(path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.includes("..") || path.includes("\0") ? undefined : parts.join("/");
}
