import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type BlockEnd, type DeflateBlock, selectDeflate, WINDOW } from "../gzip/deflate.ts";
import type { Segment } from "../tar/sequence.ts";
import type { CheckedBlob, CheckOptions } from "../unpack/check.ts";
import type { Extraction, ExtractOptions } from "../unpack/extract.ts";
import { createRelief } from "./memory.ts";
import { readSegments, visitSegments } from "./segment-reader.ts";

/** SHA-256 and CRC-32 of a whole stream: what it is, without packing it. */
export interface DigestJob {
  readonly kind: "digest";
  readonly segments: readonly Segment[];
}

export interface DigestResult {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly crc: number;
}

/** One block of a gzip stream. `segments` hold the dictionary, `dictionarySize` bytes, and then the block. */
export interface PackJob {
  readonly kind: "pack";
  readonly segments: readonly Segment[];
  readonly dictionarySize: number;
  readonly blockSize: number;
  readonly end: BlockEnd;
}

/** What a block is: its packed bytes depend on this, its size and its end alone. */
export interface BlockIdentity {
  /** SHA-256 of the dictionary and the block, base64. */
  readonly key: string;
  /** CRC-32 of the block's plain bytes. */
  readonly crc: number;
}

export interface PackResult extends BlockIdentity {
  readonly packed: Uint8Array;
}

/** Identities of neighbouring blocks, without packing them. `segments` hold the dictionary of the first, then the blocks. */
export interface IdentifyJob {
  readonly kind: "identify";
  readonly segments: readonly Segment[];
  readonly dictionarySize: number;
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

export type Job = DigestJob | PackJob | IdentifyJob | CheckJob | ExtractJob;
export type JobResult<J extends Job> = J extends DigestJob
  ? DigestResult
  : J extends IdentifyJob
    ? readonly BlockIdentity[]
    : J extends CheckJob
      ? CheckedBlob
      : J extends ExtractJob
        ? Extraction
        : PackResult;

export type JobRunner = <J extends Job>(job: J) => Promise<JobResult<J>>;

/**
 * Does jobs, one after the other, with buffers of its own.
 *
 * @param native packs with Node's zlib or with pako; default: Node's where it gives pako's bytes
 */
export function createJobRunner(native?: boolean): JobRunner {
  let deflate: DeflateBlock | undefined;
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
      let crc = 0;
      visitSegments(job.segments, scratch(READ_SIZE), (bytes) => {
        hash.update(bytes);
        crc = crc32(bytes, crc);
      });
      return { sha256: hash.digest("hex"), crc };
    }
    if (job.kind === "identify") {
      const plain = scratch(job.blockSizes.reduce((sum, size) => sum + size, job.dictionarySize));
      readSegments(job.segments, plain);
      let start = job.dictionarySize;
      return job.blockSizes.map((size) => {
        const identity = identify(plain, start, start + size);
        start += size;
        return identity;
      });
    }
    deflate ??= await selectDeflate(native);
    const plain = scratch(job.dictionarySize + job.blockSize);
    readSegments(job.segments, plain);
    const block = plain.subarray(job.dictionarySize);
    const packed = deflate(block, plain.subarray(0, job.dictionarySize), job.end);
    return { packed, ...identify(plain, job.dictionarySize, plain.length) };
  }) as JobRunner;
}

function identify(plain: Uint8Array, start: number, end: number): BlockIdentity {
  const hash = createHash("sha256").update(plain.subarray(Math.max(start - WINDOW, 0), end));
  return { key: hash.digest("base64"), crc: crc32(plain.subarray(start, end)) };
}

const READ_SIZE = 256 * 1024;
