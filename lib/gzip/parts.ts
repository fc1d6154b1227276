import { type BlockEnd, type DeflateBlock, outputBound, WINDOW } from "./deflate.ts";
import { storedBlocks } from "./stored.ts";

/** Bytes `[start, end)` of a block that are packed in one way. */
export interface Part {
  readonly start: number;
  readonly end: number;
  /** Nothing makes them smaller: they are written as they are. */
  readonly stored: boolean;
}

/**
 * Packs one block of a raw deflate stream (RFC 1951): what does not get smaller, such as pictures and archives, as stored
 * blocks, which costs a tenth of the time and no bytes; the rest by deflate, with what stands before it as dictionary.
 *
 * @param plain the block, and before it up to 32 KiB that deflate may refer to
 * @param start where the block begins
 */
export function packBlock(deflate: DeflateBlock, plain: Uint8Array, start: number, end: BlockEnd): Uint8Array {
  const parts = findParts(plain, start);
  const packed = parts.flatMap((part, i) => {
    const bytes = plain.subarray(part.start, part.end);
    const partEnd = i === parts.length - 1 ? end : "flush";
    // A stored block ends on a byte boundary by itself.
    if (part.stored) return storedBlocks(bytes, partEnd === "finish");
    return [deflate(bytes, plain.subarray(Math.max(part.start - WINDOW, 0), part.start), partEnd)];
  });
  return packed.length === 1 ? packed[0]! : Buffer.concat(packed);
}

/** Fewer neighbouring bytes are not worth a part: what is packed before and behind them would lose more. */
const MIN_STORED = 16 * 1024;

/** A size that no packed block of so many bytes has: each of its parts may have as much room to spare as a whole one. */
export function packedBound(size: number): number {
  return outputBound(size) + (size / MIN_STORED) * 2 * outputBound(0);
}

/** The parts of a block, in order; packed and stored ones take turns. A rule of whole numbers: the same on every machine. */
export function findParts(plain: Uint8Array, start: number): Part[] {
  const parts: Part[] = [];
  let from = start;
  for (const run of flatRuns(plain, start)) {
    if (run.end - run.start < MIN_STORED || repeats(plain, run.start, run.end)) continue;
    if (run.start > from) parts.push({ start: from, end: run.start, stored: false });
    parts.push({ ...run, stored: true });
    from = run.end;
  }
  if (from < plain.length || parts.length === 0) parts.push({ start: from, end: plain.length, stored: false });
  return parts;
}

/** Bytes that are looked at together. The last piece of a block takes along what is no piece by itself. */
const PIECE = 8 * 1024;
/** In fewer bytes chance says too much. */
const MIN_PIECE = 4 * 1024;

/** Neighbouring pieces in which all bytes are about equally frequent. */
function flatRuns(plain: Uint8Array, start: number): { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (let at = start; plain.length - at >= MIN_PIECE; ) {
    const end = plain.length - at < 2 * PIECE ? plain.length : at + PIECE;
    // Most of what gets smaller shows it in a few of its bytes.
    if (isEven(plain, at, end, { step: 127, tolerance: 150 }) && isEven(plain, at, end, { step: 1, tolerance: 4 })) {
      const last = runs.at(-1);
      if (last?.end === at) last.end = end;
      else runs.push({ start: at, end });
    }
    at = end;
  }
  return runs;
}

const counts = new Uint32Array(256);

/**
 * Whether the sum of the squares of how often each byte occurs is at most so many percent above what chance gives, which
 * is n * n / 256 + n: at 4 %, deflate's codes would save less than half a percent.
 */
function isEven(
  plain: Uint8Array,
  start: number,
  end: number,
  { step, tolerance }: { step: number; tolerance: number },
): boolean {
  counts.fill(0);
  let n = 0;
  let squares = 0;
  for (let at = start; at < end; at += step) {
    const count = counts[plain[at]!]!;
    counts[plain[at]!] = count + 1;
    squares += 2 * count + 1;
    n += 1;
  }
  return squares * 256 * 100 < n * n * (100 + tolerance) + 255 * n * 100;
}

/** Where each hash was seen last. */
const seen = new Int32Array(4096);

/**
 * Whether even bytes are like ones before them, which deflate would refer to. Of all places, those are looked at whose
 * four bytes have one hash in sixteen, wherever they stand; more than one in fifty of them has to be known. Where there
 * are few such places, few different bytes stand.
 */
function repeats(plain: Uint8Array, start: number, end: number): boolean {
  seen.fill(-1);
  let places = 0;
  let known = 0;
  let value = 0;
  const first = Math.max(start - WINDOW, 0);
  for (let at = first; at < end; at += 1) {
    value = (value >>> 8) | (plain[at]! << 24);
    const hash = Math.imul(value, 0x9e3779b1) >>> 0;
    if (hash >>> 28 !== 0 || at < first + 3) continue;
    const slot = (hash >>> 16) & 4095;
    if (at >= start + 3) {
      places += 1;
      const other = seen[slot]!;
      if (other >= 0 && at - other <= WINDOW && isSame(plain, at, other)) known += 1;
    }
    seen[slot] = at;
  }
  return known * 50 > places || places * 32 < end - start;
}

/** Whether the four bytes that end at each of two places are the same. */
function isSame(plain: Uint8Array, one: number, other: number): boolean {
  for (let back = 0; back < 4; back += 1) if (plain[one - back] !== plain[other - back]) return false;
  return true;
}
