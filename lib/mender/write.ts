import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { countWrites, type Piece, piecesSize, segmentsOf, type Write, writePieces } from "../archive/pieces.ts";
import { AircrateError } from "../error.ts";
import { inStep, type OnEvent } from "../events.ts";
import { crc32Combine } from "../gzip/crc32.ts";
import { GZIP_HEADER, gzipTrailer } from "../gzip/format.ts";
import { MAX_STORED, storedHeader, storedMember, storedMemberSize } from "../gzip/stored.ts";
import type { SigningKey } from "../keys/private-key.ts";
import { createPositionalWriter, writeAll, writeOutput } from "../output.ts";
import type { Store } from "../store/layout.ts";
import { encodeHeader, paddingOf, TRAILER_SIZE } from "../tar/header.ts";
import type { Segment } from "../tar/sequence.ts";
import type { DigestResult } from "../workers/jobs.ts";
import { type ArtifactHeader, headerMembers, manifestDocument, PAYLOAD_NAME, VERSION_DOCUMENT } from "./documents.ts";
import { signatureMember, tarMember, tarOf } from "./member.ts";

/** A file of the payload; its pieces say how large it is before it is read. */
export interface PayloadFile {
  readonly name: string;
  readonly pieces: readonly Piece[];
}

export interface ArtifactContent {
  readonly header: ArtifactHeader;
  readonly payload: readonly PayloadFile[];
  /** Digests a file of the payload on another thread, while it is copied on this one. */
  readonly digest: (segments: readonly Segment[]) => Promise<DigestResult>;
  /** Signs the manifest. */
  readonly key?: SigningKey | undefined;
  /** Stops the writing; no file is left then. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export interface WrittenArtifact {
  /** Bytes of the file. */
  readonly size: number;
  readonly payload: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
}

const DATA_MEMBER = "data/0000.tar.gz";

/**
 * Writes a Mender artifact, format version 3, with one payload. The data are stored in gzip's stored blocks, so every
 * size is known in advance: the payload streams to its final place while another thread digests it, and the members in
 * front of it, which hold the digests, are written last, at offset 0. The file is written once.
 *
 * @throws AircrateError input when a name or size does not fit the format, unreachable when the file cannot be written,
 *   integrity when a blob of the store is damaged
 */
export async function writeArtifact(file: string, store: Store, content: ArtifactContent): Promise<WrittenArtifact> {
  const layout = layOut(content, file);
  const { size, frontSize } = layout;
  return inStep(content.onEvent, { work: "write", name: file, size }, (onBytes) =>
    writeOutput(file, async (handle) => {
      const writer = createPositionalWriter(handle, frontSize);
      const write = countWrites((bytes) => writer.write(bytes), onBytes);
      const written = await writeBody(store, content, { layout, write });
      await writer.flush();
      await writeAll(handle, layout.front(linesOf(written)), 0);
      onBytes(frontSize);
      return { size, payload: written };
    }),
  );
}

/**
 * Tells what {@link writeArtifact} would write, and writes nothing. The payload is read twice, since the digests of its
 * files stand in front of them.
 *
 * @returns bytes of the file, and its SHA-256 in hex
 * @throws AircrateError as {@link writeArtifact}
 */
export async function digestArtifact(
  store: Store,
  content: ArtifactContent,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const { name } = content.header;
  const layout = layOut(content, name);
  const { size, frontSize } = layout;
  return inStep(content.onEvent, { work: "check", name, size }, async (onBytes) => {
    const digests: DigestResult[] = [];
    for (const { pieces } of content.payload) digests.push(await content.digest(segmentsOf(store, pieces)));
    const hash = createHash("sha256");
    hash.update(layout.front(linesOf(content.payload.map(({ name }, i) => ({ name, sha256: digests[i]!.sha256 })))));
    onBytes(frontSize);
    const again = digests.values();
    const write = countWrites((bytes) => void hash.update(bytes), onBytes);
    await writeBody(store, { ...content, digest: async () => again.next().value! }, { layout, write });
    return { size, sha256: hash.digest("hex") };
  });
}

/** Bytes of the file that {@link writeArtifact} would write: nothing of the store is read. */
export function artifactSize(content: Omit<ArtifactContent, "digest">): number {
  return layOut(content, content.header.name).size;
}

/** Where everything is in the file, which is known before a byte of the payload is read. */
interface Layout {
  /** Bytes of the whole file. */
  readonly size: number;
  readonly frontSize: number;
  readonly dataSize: number;
  readonly dataTarSize: number;
  /** Everything in front of the data. */
  front(lines: readonly ManifestLine[]): Uint8Array;
}

interface ManifestLine {
  readonly sha256: string;
  readonly name: string;
}

function layOut({ header, payload, key }: Omit<ArtifactContent, "digest">, where: string): Layout {
  checkNames(payload);
  const headerTar = storedMember(
    tarOf(headerMembers(header).map(({ path, text }) => ({ path, bytes: utf8(text), mode: 0o600 }))),
  );
  const dataTarSize = payload.reduce((sum, { pieces }) => sum + memberSize(piecesSize(pieces)), TRAILER_SIZE);
  const dataSize = storedMemberSize(dataTarSize);
  if (dataSize > MAX_USTAR_SIZE) {
    throw new AircrateError("input", "the artifact would be larger than 8 GiB", {
      where,
      reason: "its format ends there",
    });
  }
  const front = (lines: readonly ManifestLine[], sign = key?.sign) =>
    prelude({ header: headerTar, dataSize, lines, sign });
  // Digests and signature are not known yet, but how long they are.
  const blank = payload.map(({ name }) => ({ name, sha256: "0".repeat(64) }));
  const frontSize = front(linesOf(blank), key && (() => "A".repeat(key.textSize))).length;
  const size = frontSize + dataSize + paddingOf(dataSize) + TRAILER_SIZE;
  return { size, frontSize, dataSize, dataTarSize, front };
}

/** Hands out everything behind the front, in order. */
async function writeBody(
  store: Store,
  { payload, digest, signal }: ArtifactContent,
  { layout, write }: { layout: Layout; write: Write },
): Promise<WrittenArtifact["payload"]> {
  const { dataSize, dataTarSize } = layout;
  const data = createStoredStream(dataTarSize, write);
  const written: { name: string; size: number; sha256: string }[] = [];
  for (const { name, pieces } of payload) {
    const size = piecesSize(pieces);
    await data.writeBytes(encodeHeader({ path: name, type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0 }));
    const digested = digest(segmentsOf(store, pieces));
    // What is wrong with a blob is better told by the copying.
    digested.catch(() => {});
    const crc = await writePieces(store, pieces, { write: (bytes) => data.write(bytes), signal });
    const found = await digested;
    if (found.crc !== crc) {
      throw new AircrateError("integrity", "the store changed while it was read", {
        where: name,
        hint: "build again",
      });
    }
    data.addCrc(crc, size);
    await data.writeBytes(new Uint8Array(paddingOf(size)));
    written.push({ name, size, sha256: found.sha256 });
  }
  await data.writeBytes(new Uint8Array(TRAILER_SIZE));
  await data.finish();
  await write(new Uint8Array(paddingOf(dataSize) + TRAILER_SIZE));
  return written;
}

/** The lines of the payload files in the manifest. */
function linesOf(payload: readonly ManifestLine[]): ManifestLine[] {
  return payload.map(({ name, sha256 }) => ({ name: `data/0000/${name}`, sha256 }));
}

interface Front {
  readonly header: Uint8Array;
  readonly dataSize: number;
  readonly lines: readonly ManifestLine[];
  /** Gives the content of `manifest.sig`. */
  readonly sign: ((manifest: Uint8Array) => string) | undefined;
}

/**
 * Everything in front of the data: `version`, `manifest`, the signature when there is one, `header.tar.gz`, and the
 * header block of the data.
 */
function prelude({ header, dataSize, lines, sign }: Front): Uint8Array {
  const version = utf8(VERSION_DOCUMENT);
  const manifest = utf8(
    manifestDocument([
      ...lines,
      { name: "header.tar.gz", sha256: sha256(header) },
      { name: "version", sha256: sha256(version) },
    ]),
  );
  return Buffer.concat([
    tarMember({ path: "version", bytes: version, mode: 0o600 }),
    tarMember({ path: "manifest", bytes: manifest, mode: 0o600 }),
    ...(sign === undefined ? [] : [signatureMember(sign(manifest))]),
    tarMember({ path: "header.tar.gz", bytes: header, mode: 0o600 }),
    encodeHeader({ path: DATA_MEMBER, type: "file", mode: 0o600, uid: 0, gid: 0, size: dataSize, mtime: 0 }),
  ]);
}

/** Wraps a stream of known size into one gzip member of stored blocks. */
function createStoredStream(size: number, write: (bytes: Uint8Array) => Promise<void> | undefined) {
  let done = 0;
  let crc = 0;
  let started = false;
  async function pass(bytes: Uint8Array): Promise<void> {
    if (!started) {
      started = true;
      await write(GZIP_HEADER);
    }
    for (let at = 0; at < bytes.length; ) {
      const inBlock = done % MAX_STORED;
      if (inBlock === 0) {
        const blockSize = Math.min(MAX_STORED, size - done);
        const waiting = write(storedHeader(blockSize, done + blockSize === size));
        if (waiting !== undefined) await waiting;
      }
      const part = Math.min(bytes.length - at, MAX_STORED - inBlock);
      const waiting = write(bytes.subarray(at, at + part));
      if (waiting !== undefined) await waiting;
      at += part;
      done += part;
    }
  }
  return {
    /** Passes bytes on; their CRC is given with `addCrc` when all of them are known. */
    write: pass,
    addCrc(partCrc: number, partSize: number) {
      crc = crc32Combine(crc, partCrc, partSize);
    },
    async writeBytes(bytes: Uint8Array) {
      await pass(bytes);
      crc = crc32(bytes, crc);
    },
    async finish() {
      if (done !== size) throw new Error(`the data tar has ${done} bytes instead of ${size}`);
      await write(gzipTrailer(crc, size));
    },
  };
}

/** ustar's size field holds eleven octal digits; older readers know no other form. */
const MAX_USTAR_SIZE = 0o77777777777;

/** What a member of that size takes in a tar file. */
export function memberSize(size: number): number {
  return 512 + size + paddingOf(size);
}

function checkNames(payload: readonly PayloadFile[]): void {
  const seen = new Set<string>();
  for (const { name } of payload) {
    if (!PAYLOAD_NAME.test(name) || seen.has(name)) {
      throw new AircrateError("input", `${JSON.stringify(name)} cannot be the name of a payload file`, {
        reason: seen.has(name) ? "it occurs twice" : "it may hold up to 90 letters, digits and the characters _ . , -",
      });
    }
    seen.add(name);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}
