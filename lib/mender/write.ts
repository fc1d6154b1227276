import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Piece, piecesSize, segmentsOf, writePieces } from "../archive/pieces.ts";
import { AircrateError } from "../error.ts";
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
export async function writeArtifact(
  file: string,
  store: Store,
  { header, payload, digest, key, signal }: ArtifactContent,
): Promise<WrittenArtifact> {
  checkNames(payload);
  const headerTar = storedMember(
    tarOf(headerMembers(header).map(({ path, text }) => ({ path, bytes: utf8(text), mode: 0o600 }))),
  );
  const dataTarSize = payload.reduce((sum, { pieces }) => sum + memberSize(piecesSize(pieces)), TRAILER_SIZE);
  const dataSize = storedMemberSize(dataTarSize);
  if (dataSize > MAX_USTAR_SIZE) {
    throw new AircrateError("input", "the artifact would be larger than 8 GiB", {
      where: file,
      reason: "its format ends there",
    });
  }
  const preludeSize = prelude({
    ...{ header: headerTar, dataSize, lines: blankLines(payload) },
    sign: key && (() => "A".repeat(key.textSize)),
  }).length;

  return writeOutput(file, async (handle) => {
    const writer = createPositionalWriter(handle, preludeSize);
    const data = createStoredStream(dataTarSize, (bytes) => writer.write(bytes));
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
    const tail = new Uint8Array(paddingOf(dataSize) + TRAILER_SIZE);
    await writer.write(tail);
    await writer.flush();
    const front = prelude({
      header: headerTar,
      dataSize,
      lines: written.map(({ name, sha256 }) => ({ name: `data/0000/${name}`, sha256 })),
      sign: key?.sign,
    });
    await writeAll(handle, front, 0);
    return { size: preludeSize + dataSize + tail.length, payload: written };
  });
}

interface Front {
  readonly header: Uint8Array;
  readonly dataSize: number;
  readonly lines: readonly { sha256: string; name: string }[];
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

/** Lines as long as the real ones, to know the size of the manifest before any digest is known. */
function blankLines(payload: readonly PayloadFile[]): { sha256: string; name: string }[] {
  return payload.map(({ name }) => ({ name: `data/0000/${name}`, sha256: "0".repeat(64) }));
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

function memberSize(size: number): number {
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
