import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Encoding } from "../../spec/inspection.ts";
import type { LayerEncoding } from "../../spec/media-types.ts";
import type { LayerTree } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import { TarFormatError } from "../tar/parser.ts";
import { DecodeError, loadDecode, PIECE_SIZE } from "./decode.ts";
import { encodingOf } from "./encoding.ts";
import { createTreeIndexer } from "./tree-index.ts";

export interface CheckOptions {
  /** Largest plain size that is accepted, in bytes. */
  readonly maxPlainSize: number;
  /** Where the plain tar is written to as well; must not be there yet. Stays there whatever is found. */
  readonly plainFile?: string;
}

/** What was found out about a layer blob by reading it once. */
export interface CheckedBlob {
  /** Of the bytes as they are stored. */
  readonly digest: Digest;
  readonly size: number;
  /** CRC-32 of the bytes as they are stored. */
  readonly crc: number;
  readonly content: LayerContent | ContentFault;
}

export interface LayerContent {
  readonly encoding: LayerEncoding;
  readonly diffId: Digest;
  /** Bytes of the plain tar. */
  readonly plainSize: number;
  readonly tree: LayerTree;
  /** Where the plain tar is cut when it is packed by our rule. */
  readonly cuts: readonly number[];
}

/** Why a blob is no layer that can be used. */
export interface ContentFault {
  readonly fault: "damaged" | "too large" | "unsupported";
  readonly reason: string;
  /** What packed it, when that is what is not supported. */
  readonly packedWith?: Encoding;
}

const READ_SIZE = 256 * 1024;

/**
 * Reads a layer blob from disk once and finds out all that is to be known of it. How it is packed is told by its first
 * bytes. Keeps its thread busy, in flat memory; whatever the content is like, the digest is that of all bytes.
 *
 * @param onDropped told of each buffer that was dropped, in bytes
 * @throws the system's error when a file cannot be read or written
 */
export async function checkFile(
  file: string,
  options: CheckOptions,
  onDropped: (size: number) => void = () => {},
): Promise<CheckedBlob> {
  const reader = createReader(file);
  try {
    const first = reader.read();
    const content = await checkContent(reader.from(first), encodingOf(first), options, onDropped);
    while (reader.read().length > 0);
    return { ...reader.finish(), content };
  } finally {
    reader.close();
  }
}

async function checkContent(
  pieces: Iterable<Uint8Array>,
  encoding: ReturnType<typeof encodingOf>,
  { maxPlainSize, plainFile }: CheckOptions,
  onDropped: (size: number) => void,
): Promise<LayerContent | ContentFault> {
  if (encoding === "bzip2" || encoding === "xz")
    return { fault: "unsupported", reason: `it is packed with ${encoding}` };
  const decode = await loadDecode(encoding);
  const out = plainFile === undefined ? undefined : openSync(plainFile, "wx");
  const hash = createHash("sha256");
  const indexer = createTreeIndexer();
  let plainSize = 0;
  try {
    for (const bytes of decode(pieces)) {
      plainSize += bytes.length;
      if (plainSize > maxPlainSize) return { fault: "too large", reason: `it gives more than ${maxPlainSize} bytes` };
      hash.update(bytes);
      indexer.write(bytes);
      if (out !== undefined) writeAll(out, bytes);
      onDropped(bytes.length);
    }
    return { encoding, diffId: `sha256:${hash.digest("hex")}`, plainSize, ...indexer.finish() };
  } catch (error) {
    if (error instanceof DecodeError || error instanceof TarFormatError) {
      return { fault: "damaged", reason: error.message };
    }
    throw error;
  } finally {
    if (out !== undefined) closeSync(out);
  }
}

/** Reads a file through one buffer and digests what it reads. */
function createReader(file: string) {
  const fd = openSync(file, "r");
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  const hash = createHash("sha256");
  let size = 0;
  let crc = 0;
  /** The next bytes, none at the end; good until the next call. */
  const read = (): Uint8Array => {
    const bytes = buffer.subarray(0, readSync(fd, buffer, 0, READ_SIZE, null));
    hash.update(bytes);
    crc = crc32(bytes, crc);
    size += bytes.length;
    return bytes;
  };
  return {
    read,
    *from(first: Uint8Array): Generator<Uint8Array> {
      for (let bytes = first; bytes.length > 0; bytes = read()) {
        for (let at = 0; at < bytes.length; at += PIECE_SIZE) yield bytes.subarray(at, at + PIECE_SIZE);
      }
    },
    finish: () => ({ digest: `sha256:${hash.digest("hex")}`, size, crc }),
    close: () => closeSync(fd),
  };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
