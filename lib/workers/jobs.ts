import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type BlockEnd, type DeflateBlock, selectDeflate } from "../gzip/deflate.ts";
import type { Segment } from "../tar/sequence.ts";
import type { CheckedBlob, CheckOptions } from "../unpack/check.ts";
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

export interface PackResult {
  readonly packed: Uint8Array;
  /** CRC-32 of the block's plain bytes. */
  readonly crc: number;
}

/** All about a layer blob that lies on disk, however it is packed. */
export interface CheckJob extends CheckOptions {
  readonly kind: "check";
  readonly file: string;
}

export type Job = DigestJob | PackJob | CheckJob;
export type JobResult<J extends Job> = J extends DigestJob
  ? DigestResult
  : J extends CheckJob
    ? CheckedBlob
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
    if (job.kind === "digest") {
      const hash = createHash("sha256");
      let crc = 0;
      visitSegments(job.segments, scratch(READ_SIZE), (bytes) => {
        hash.update(bytes);
        crc = crc32(bytes, crc);
      });
      return { sha256: hash.digest("hex"), crc };
    }
    deflate ??= await selectDeflate(native);
    const plain = scratch(job.dictionarySize + job.blockSize);
    readSegments(job.segments, plain);
    const block = plain.subarray(job.dictionarySize);
    return { packed: deflate(block, plain.subarray(0, job.dictionarySize), job.end), crc: crc32(block) };
  }) as JobRunner;
}

const READ_SIZE = 256 * 1024;
