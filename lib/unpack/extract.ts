import { closeSync, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { crc32 } from "node:zlib";
import { createTarParser, TarFormatError, type TarParser } from "../tar/parser.ts";
import type { ContentFault } from "./check.ts";
import { type Collector, createCollector, type ExtractedEntry, ExtractFault } from "./collect.ts";
import { type Decode, DecodeError, type DecodeLater, findDecode, PIECE_SIZE, UnsupportedError } from "./decode.ts";
import { encodingOf, MAGIC_SIZE } from "./encoding.ts";
import { createSpool } from "./spool.ts";

export type { ExtractedEntry } from "./collect.ts";

export interface ExtractOptions {
  /** Paths of the members that are taken, relative and clean as those of entries; without it all are. */
  readonly wanted?: readonly string[];
  /** A file for what has to be unpacked; must not be there yet. It is there afterwards only when it is the result's. */
  readonly spool: string;
  /** Largest plain size that is accepted, in bytes. */
  readonly maxPlainSize: number;
  /** CRC-32 of the bytes as they are stored, where it is known: others are damage. */
  readonly crc?: number;
}

export type Extraction = Extracted | ContentFault;

/** Members of an archive, and where the contents of the files among them lie. */
export interface Extracted {
  /** The file that offsets are of: the spool, or the archive itself when it is a plain tar. */
  readonly file: string;
  /** Modification time of the archive in ms, when that is the file: it may be somebody's who changes it. */
  readonly mtimeMs?: number;
  /** In the order of the archive; of several with one path the last. Folders stand in front of what is in them. */
  readonly entries: readonly ExtractedEntry[];
}

/**
 * Takes members out of an archive or a layer blob. How it is packed is told by its first bytes. It is read once, or
 * twice when a wanted hard link is another name of a file that is not wanted; of what is packed, the content of the
 * wanted files is written to the spool, in their order, and nothing else. Keeps its thread busy, in flat memory but for
 * the list. A layer's whiteouts come as members like the rest.
 *
 * @param onDropped told of each buffer that was dropped, in bytes
 * @throws the system's error when a file cannot be read or written
 */
export async function extractFile(
  file: string,
  options: ExtractOptions,
  onDropped: (size: number) => void = () => {},
): Promise<Extraction> {
  const fd = openSync(file, "r");
  try {
    const encoding = encodingOf(readStart(fd));
    if (encoding === "plain") return await extractPlain(fd, file, options);
    const decode = await findDecode(encoding);
    if (decode === undefined) {
      return { fault: "unsupported", reason: `it is packed with ${encoding}`, packedWith: encoding };
    }
    return await extractPacked(fd, { ...options, decode, onDropped });
  } catch (error) {
    if (error instanceof ExtractFault) return { fault: error.fault, reason: error.message };
    if (error instanceof UnsupportedError) return { fault: "unsupported", reason: error.message, packedWith: "xz" };
    if (error instanceof DecodeError || error instanceof TarFormatError) {
      return { fault: "damaged", reason: error.message };
    }
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Offsets point into the archive itself, so that contents are not even read. */
async function extractPlain(fd: number, file: string, { wanted, maxPlainSize }: ExtractOptions): Promise<Extracted> {
  const { size, mtimeMs } = fstatSync(fd);
  requireSize(size, maxPlainSize);
  const entries = await collect(wanted, async (collector) => {
    const parser = createTarParser();
    const buffer = Buffer.allocUnsafeSlow(PIECE_SIZE);
    for (let at = 0; ; at += parser.skip()) {
      if (at > size) throw new TarFormatError(`the tar file ends in the middle of a member, after ${size} bytes`);
      const count = readSync(fd, buffer, 0, buffer.length, at);
      if (count === 0) break;
      at += count;
      for (const event of parser.feed(buffer.subarray(0, count))) {
        // A header block is followed by the content.
        if (event.kind === "entry") collector.add(event.entry, event.entry.offset + HEADER_SIZE);
      }
    }
    return parser;
  });
  return { file, mtimeMs, entries };
}

const HEADER_SIZE = 512;

async function extractPacked(
  fd: number,
  {
    wanted,
    spool: file,
    maxPlainSize,
    crc: expectedCrc,
    decode,
    onDropped,
  }: ExtractOptions & { readonly decode: Decode | DecodeLater; readonly onDropped: (size: number) => void },
): Promise<Extracted> {
  const spool = createSpool(file);
  let done = false;
  try {
    const entries = await collect(wanted, async (collector) => {
      spool.restart();
      const parser = createTarParser();
      let plainSize = 0;
      let taken = false;
      let crc = 0;
      const pieces = piecesOf(fd, (bytes) => {
        if (expectedCrc !== undefined) crc = crc32(bytes, crc);
      });
      for await (const bytes of decode(pieces)) {
        plainSize += bytes.length;
        requireSize(plainSize, maxPlainSize);
        for (const event of parser.feed(bytes)) {
          if (event.kind === "entry") taken = collector.add(event.entry, spool.position());
          else if (event.kind === "data" && taken) spool.write(event.bytes);
        }
        onDropped(bytes.length);
      }
      if (expectedCrc !== undefined && crc !== expectedCrc) throw new ExtractFault("damaged", "its bytes changed");
      return parser;
    });
    spool.flush();
    done = true;
    return { file, entries };
  } finally {
    spool.close();
    if (!done) rmSync(file, { force: true });
  }
}

/** Readings that find all hard links: a third one is needed when one path was that of several. */
const MAX_READINGS = 3;

/** Has the archive read until every hard link that is taken is known with the file that it is a name of. */
async function collect(
  wanted: readonly string[] | undefined,
  read: (collector: Collector) => Promise<TarParser>,
): Promise<readonly ExtractedEntry[]> {
  let paths = wanted;
  for (let reading = 1; ; reading += 1) {
    const collector = createCollector(paths);
    (await read(collector)).finish();
    const missing = collector.missing(reading === MAX_READINGS);
    if (missing.length === 0) return collector.entries(wanted);
    paths = [...paths!, ...missing];
  }
}

function requireSize(size: number, maxPlainSize: number): void {
  if (size > maxPlainSize) throw new ExtractFault("too large", `it gives more than ${maxPlainSize} bytes`);
}

function readStart(fd: number): Uint8Array {
  const start = Buffer.alloc(MAGIC_SIZE);
  return start.subarray(0, readSync(fd, start, 0, MAGIC_SIZE, 0));
}

const READ_SIZE = 256 * 1024;

/** The file from its beginning, in pieces as decoders take them; each is good until the next one. */
function* piecesOf(fd: number, onRead: (bytes: Uint8Array) => void = () => {}): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  for (let position = 0; ; ) {
    const count = readSync(fd, buffer, 0, READ_SIZE, position);
    if (count === 0) return;
    position += count;
    onRead(buffer.subarray(0, count));
    for (let at = 0; at < count; at += PIECE_SIZE) yield buffer.subarray(at, Math.min(at + PIECE_SIZE, count));
  }
}

/** Decoded bytes within which a member has to begin: a header extension may stand in front of it. */
const PROBE_SIZE = 2 * 1024 * 1024;

/**
 * Whether a file is what ADD unpacks: a tar file with a valid header, plain or packed, as BuildKit has it
 * (solver/llbsolver/file/unpack.go). Only its start is read.
 *
 * @returns true as well for one that is packed in a way that cannot be looked into
 * @throws the system's error when the file cannot be read
 */
export async function isArchive(file: string): Promise<boolean> {
  const fd = openSync(file, "r");
  try {
    const encoding = encodingOf(readStart(fd));
    const decode = await findDecode(encoding);
    if (decode === undefined) return true;
    const parser = createTarParser();
    let size = 0;
    for await (const bytes of decode(piecesOf(fd))) {
      for (const event of parser.feed(bytes)) if (event.kind === "entry") return true;
      size += bytes.length;
      if (size > PROBE_SIZE) return false;
    }
    return false;
  } catch (error) {
    // Nothing says that there is no tar file in it: whoever unpacks it tells why that cannot be done.
    if (error instanceof UnsupportedError) return true;
    if (error instanceof DecodeError || error instanceof TarFormatError) return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}
