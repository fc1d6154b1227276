import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { type BlockEnd, type DeflateBlock, deflateWithNode, selectDeflate, WINDOW } from "../gzip/deflate.ts";
import { unpacksTo } from "../gzip/inflate.ts";
import { packBlock } from "../gzip/parts.ts";
import { type SharedStream, sliceShared } from "../tar/shared.ts";
import type { CheckedBlob, CheckOptions } from "../unpack/check.ts";
import type { Extraction, ExtractOptions } from "../unpack/extract.ts";
import { hashFrom, remoteHash } from "./digest.ts";
import { createRelief, PAKO_STEPS, type Relief } from "./memory.ts";
import { createReadBuffers, type ReadBuffers, readSegments, type Visit, visitSegments } from "./segment-reader.ts";
import { packedPart, plainPart, type Slot } from "./slots.ts";

/** SHA-256 and CRC-32 of a whole stream: what it is, without packing it. */
export interface DigestJob {
  readonly kind: "digest";
  readonly stream: SharedStream;
}

/** CRC-32 of a whole stream, whose bytes go to a {@link HashJob} beside that. */
export interface ReadJob {
  readonly kind: "read";
  readonly stream: SharedStream;
  readonly port: MessagePort;
}

/** SHA-256, 64 hex digits, of what comes through a port. */
export interface HashJob {
  readonly kind: "hash";
  readonly port: MessagePort;
}

export interface DigestResult {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly crc: number;
}

/** One block of a gzip stream, and as its dictionary the `dictionarySize` bytes before it. Where they are in `stream`. */
interface BlockPlace {
  readonly stream: SharedStream;
  /** First byte of the block. */
  readonly start: number;
  readonly dictionarySize: number;
}

export interface PackJob extends BlockPlace {
  readonly kind: "pack";
  readonly blockSize: number;
  readonly end: BlockEnd;
  /** Where the plain and the packed bytes go. */
  readonly slot: Slot;
  /** Where the block may lie packed already: it is taken from there when it unpacks to what it should. */
  readonly offer?: BlockOffer;
}

/** A part of a file, in bytes. */
export interface BlockOffer {
  readonly file: string;
  readonly position: number;
  readonly size: number;
}

/** What a block is: its packed bytes depend on this, its size and its end alone. */
export interface BlockIdentity {
  /** SHA-256 of the dictionary and the block, base64. */
  readonly key: string;
  /** CRC-32 of the block's plain bytes. */
  readonly crc: number;
}

export interface PackResult extends BlockIdentity {
  readonly packedSize: number;
}

/** Identities of neighbouring blocks, of which the place of the first is told, without packing them. */
export interface IdentifyJob extends BlockPlace {
  readonly kind: "identify";
  readonly blockSizes: readonly number[];
}

/** All about a layer blob that lies on disk, however it is packed. */
export interface CheckJob extends CheckOptions {
  readonly kind: "check";
  readonly file: string;
}

/** Members of an archive or a layer blob that lies on disk, however it is packed. */
export interface ExtractJob extends ExtractOptions {
  readonly kind: "extract";
  readonly file: string;
}

/** What the job of each kind gives. */
interface Results {
  readonly digest: DigestResult;
  readonly read: number;
  readonly hash: string;
  readonly pack: PackResult;
  readonly identify: readonly BlockIdentity[];
  readonly check: CheckedBlob;
  readonly extract: Extraction;
}

export type Job = DigestJob | ReadJob | HashJob | PackJob | IdentifyJob | CheckJob | ExtractJob;
export type JobResult<J extends Job> = Results[J["kind"]];

export type JobRunner = <J extends Job>(job: J) => Promise<JobResult<J>>;

/**
 * Does jobs, one after the other, with buffers of its own.
 *
 * @param native packs with Node's zlib or with pako; default: Node's where it gives pako's bytes
 */
export function createJobRunner(native?: boolean): JobRunner {
  let deflate: DeflateBlock | undefined;
  let relieve: Relief = () => {};
  let buffer = new Uint8Array(0);
  const scratch = (size: number): Uint8Array => {
    if (buffer.length < size) buffer = new Uint8Array(size);
    return buffer.subarray(0, size);
  };
  return (async (job: Job) => {
    if (job.kind === "check") {
      const { checkFile } = await import("../unpack/check.ts");
      return checkFile(job.file, job, createRelief());
    }
    if (job.kind === "extract") {
      const { extractFile } = await import("../unpack/extract.ts");
      return extractFile(job.file, job, createRelief());
    }
    if (job.kind === "digest") {
      const hash = createHash("sha256");
      const crc = await readStream(job.stream, createReadBuffers(scratch(2 * READ_SIZE), 2), (bytes) => {
        hash.update(bytes);
        return undefined;
      });
      return { sha256: hash.digest("hex"), crc };
    }
    if (job.kind === "hash") return hashFrom(job.port);
    if (job.kind === "read") {
      const remote = remoteHash(job.port);
      try {
        const memory = new Uint8Array(new SharedArrayBuffer(4 * SENT_SIZE));
        const crc = await readStream(job.stream, createReadBuffers(memory, 4), remote.update);
        remote.finish();
        return crc;
      } catch (error) {
        remote.abort();
        throw error;
      }
    }
    if (job.kind === "identify") {
      const plain = readBlocks(job, scratch(job.dictionarySize + sum(job.blockSizes)));
      let start = job.dictionarySize;
      return job.blockSizes.map((size) => {
        const identity = identify(plain, start, start + size);
        start += size;
        return identity;
      });
    }
    if (deflate === undefined) {
      deflate = await selectDeflate(native);
      relieve = deflate === deflateWithNode ? createRelief() : createRelief(PAKO_STEPS);
    }
    const plain = readBlocks(job, plainPart(job));
    const block = plain.subarray(job.dictionarySize);
    const dictionary = plain.subarray(0, job.dictionarySize);
    const offered = job.offer && readOffer(job.offer);
    const isRight = offered !== undefined && unpacksTo(offered, block, dictionary, job.end);
    const packed = isRight ? offered : packBlock(deflate, plain, job.dictionarySize, job.end);
    packedPart(job, packed.length).set(packed);
    relieve(job.blockSize);
    return { packedSize: packed.length, ...identify(plain, job.dictionarySize, plain.length) };
  }) as JobRunner;
}

/** Visits a whole stream. @returns CRC-32 of its bytes */
async function readStream(stream: SharedStream, buffers: ReadBuffers, visit: Visit): Promise<number> {
  let crc = 0;
  for (let at = 0; at < stream.size; at += PART_SIZE) {
    await visitSegments(sliceShared(stream, at, at + PART_SIZE), buffers, (bytes) => {
      const visited = visit(bytes);
      crc = crc32(bytes, crc);
      return visited;
    });
  }
  return crc;
}

/** Reads the dictionary and, behind it, what follows from the start of the block on, until the target is full. */
function readBlocks({ stream, start, dictionarySize }: BlockPlace, target: Uint8Array): Uint8Array {
  const first = start - dictionarySize;
  readSegments(sliceShared(stream, first, first + target.length), target);
  return target;
}

/** @returns undefined when the file has no such part; the block is packed then */
function readOffer({ file, position, size }: BlockOffer): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafeSlow(size);
  try {
    const fd = openSync(file, "r");
    try {
      return readSync(fd, bytes, 0, size, position) === size ? bytes : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function identify(plain: Uint8Array, start: number, end: number): BlockIdentity {
  const hash = createHash("sha256").update(plain.subarray(Math.max(start - WINDOW, 0), end));
  return { key: hash.digest("base64"), crc: crc32(plain.subarray(start, end)) };
}

/** Bytes that a job reads, digests or packs. */
export function sizeOfJob(job: DigestJob | ReadJob | PackJob | IdentifyJob): number {
  if (job.kind === "digest" || job.kind === "read") return job.stream.size;
  return job.dictionarySize + (job.kind === "pack" ? job.blockSize : sum(job.blockSizes));
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

const READ_SIZE = 256 * 1024;
/** Larger, since a message takes a while. */
const SENT_SIZE = 512 * 1024;
/** A part of a stream whose segments are in memory as objects at once. */
const PART_SIZE = 8 * 1024 * 1024;
