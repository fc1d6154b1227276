import { createHash } from "node:crypto";
import type { Encoding, Finding } from "../../spec/inspection.ts";
import { MAX_DOCUMENT } from "../../spec/oci.ts";
import { readGzip } from "../gzip/members.ts";
import type { FoundEntry, FoundType, TarEnd } from "../tar/parser.ts";
import { readTar } from "../tar/reader.ts";
import { encodingOf, MAGIC_SIZE } from "../unpack/encoding.ts";
import { type ArchiveScan, createArchiveScan, scanArchive } from "./archive.ts";
import { counted } from "./blob.ts";
import type { Budget } from "./limits.ts";
import { collect, createTap, formatFault, type Tap } from "./tap.ts";

/** A member of one of the tar files of a Mender artifact. */
export interface ArtifactMember {
  /** As it stands in the tar file. */
  readonly name: string;
  readonly type: FoundType;
  readonly size: number;
  /** 64 hex digits, of the bytes as they are in this tar file. */
  readonly sha256: string;
  /** The bytes of small ones. */
  readonly bytes?: Uint8Array;
}

/** `header.tar.gz` or `data/0000.tar.gz`: a tar file in the artifact, packed or not. */
export interface InnerTar<T> {
  readonly name: string;
  readonly encoding: Encoding;
  readonly members: T[];
  end?: TarEnd;
}

export interface PayloadMember extends ArtifactMember {
  /** Of files that hold images. */
  readonly archive?: ArchiveScan;
}

/** All that one pass over a Mender artifact gives. */
export interface ArtifactScan {
  readonly members: ArtifactMember[];
  readonly headers: InnerTar<ArtifactMember>[];
  readonly data: InnerTar<PayloadMember>[];
  end?: TarEnd;
  readonly faults: Finding[];
}

const HEADER = /^(?:\.\/)?header\.tar(?:\.[a-z]+)?$/;
const DATA = /^(?:\.\/)?data\/[0-9]{4}\.tar(?:\.[a-z]+)?$/;
/** What can stand at the front of an artifact, in whatever order. */
const ANY = /^(?:\.\/)?(?:version|manifest(?:\.sig|-augment)?|header(?:-augment)?\.tar(?:\.[a-z]+)?|data(?:\/.*)?)$/;

const IMAGES = /\.image$/;

/** Whether a tar file that begins with this member is meant as a Mender artifact. */
export function startsArtifact(first: FoundEntry): boolean {
  return ANY.test(first.path);
}

export function createArtifactScan(): ArtifactScan {
  return { members: [], headers: [], data: [], faults: [] };
}

/** Reads a Mender artifact to its end, and the archive of images in its payload. Nothing is checked against anything. */
export async function scanArtifact(tap: Tap, artifact: ArtifactScan, budget: Budget): Promise<void> {
  try {
    artifact.end = await readTar(tap, async (entry, content) => {
      const inner = entry.type === "file" && HEADER.test(entry.path) ? readHeader : undefined;
      const read = entry.type === "file" && DATA.test(entry.path) ? readData : inner;
      artifact.members.push(
        await readMember(entry, content, budget, (source) => read?.(source, entry, artifact, budget)),
      );
    });
  } catch (error) {
    artifact.faults.push({ where: "artifact", message: formatFault(error, tap) });
  }
}

/** @param look is given the content before the rest of it is read; what it leaves is read for the checksum */
async function readMember(
  { path, type, size }: FoundEntry,
  content: AsyncIterable<Uint8Array>,
  budget: Budget,
  look: (source: Tap) => Promise<void> | undefined,
): Promise<ArtifactMember> {
  budget.addMember();
  const hash = createHash("sha256");
  const source = createTap(content, (chunk) => {
    hash.update(chunk);
  });
  const looking = look(source);
  let bytes: Uint8Array | undefined;
  if (looking !== undefined) await looking;
  else if (type === "file" && size <= MAX_DOCUMENT && budget.keep(size)) bytes = await collect(source);
  await source.drain();
  return { name: path, type, size, sha256: hash.digest("hex"), ...(bytes !== undefined && { bytes }) };
}

async function readHeader(source: Tap, { path }: FoundEntry, artifact: ArtifactScan, budget: Budget): Promise<void> {
  const inner: InnerTar<ArtifactMember> = {
    name: path,
    encoding: encodingOf(await source.peek(MAGIC_SIZE)),
    members: [],
  };
  artifact.headers.push(inner);
  await readInner(source, inner, { artifact, budget }, async (entry, content) => {
    inner.members.push(await readMember(entry, content, budget, () => undefined));
  });
}

async function readData(source: Tap, { path }: FoundEntry, artifact: ArtifactScan, budget: Budget): Promise<void> {
  const inner: InnerTar<PayloadMember> = {
    name: path,
    encoding: encodingOf(await source.peek(MAGIC_SIZE)),
    members: [],
  };
  artifact.data.push(inner);
  const folder = payloadFolder(path);
  await readInner(source, inner, { artifact, budget }, async (entry, content) => {
    if (entry.type !== "file" || !IMAGES.test(entry.path)) {
      inner.members.push(await readMember(entry, content, budget, () => undefined));
      return;
    }
    const archive = createArchiveScan(`${folder}${entry.path}/`);
    const place = inner.members.length;
    try {
      const member = await readMember(entry, content, budget, (tap) => scanArchive(tap, archive, budget));
      inner.members[place] = { ...member, archive };
    } catch (error) {
      // The file around it ends here, but what was read is worth showing.
      inner.members[place] = { name: entry.path, type: "file", size: entry.size, sha256: "", archive };
      throw error;
    }
  });
}

/** `data/0000/` of `data/0000.tar.gz`: how the manifest names what is in there. */
export function payloadFolder(name: string): string {
  return `${name.replace(/^\.\//, "").slice(0, "data/0000".length)}/`;
}

async function readInner<T>(
  source: Tap,
  inner: InnerTar<T>,
  { artifact, budget }: { artifact: ArtifactScan; budget: Budget },
  visit: (entry: FoundEntry, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  if (inner.encoding !== "plain" && inner.encoding !== "gzip") {
    artifact.faults.push({ where: inner.name, message: `is packed with ${inner.encoding}, which is not read here` });
    return;
  }
  try {
    inner.end = await readTar(inner.encoding === "gzip" ? counted(readGzip(source), budget) : source, visit);
  } catch (error) {
    artifact.faults.push({ where: inner.name, message: formatFault(error, source) });
  }
}
