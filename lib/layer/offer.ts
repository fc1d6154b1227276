import { randomInt } from "node:crypto";
import type { Digest } from "../digest.ts";
import type { PackedOffer } from "./pack.ts";

/** A place with layers that others packed. It never fails a build: what goes wrong there is as if it had nothing. */
export interface LayerCache {
  /** Whether a layer of so many plain bytes is looked for at all. */
  isWorth(plainSize: number): boolean;
  /**
   * Gets a layer, has it tried out and lets go of it.
   *
   * @param use undefined when the layer is not what it should be: nothing is asked for after that
   * @returns what `use` does; undefined when there is no such layer
   */
  take<T>(layer: WantedLayer, use: (offer: LayerOffer) => Promise<T | undefined>): Promise<T | undefined>;
}

export interface WantedLayer {
  readonly diffId: Digest;
  readonly plainSize: number;
}

/** A layer as it came: nothing is proved of it but the digest of the file. */
export interface LayerOffer extends Pick<PackedOffer, "file" | "blockSizes"> {
  readonly digest: Digest;
}

/** Of this many blocks of an offer, and at least of so many in all, one is packed here and has to come out the same. */
const SAMPLED = 32;
const MIN_SAMPLE = 4;

/**
 * Prepares an offer to be proved: all blocks but a sample are taken when they unpack to what they should, and in the end
 * the digest shows whether all were taken and the sample is the same. Another sample each time, so that a place that
 * packs in another way does not go unnoticed for long. That costs a thirty-second part of packing.
 *
 * @param cuts ends of the blocks that the layer has
 * @returns undefined when the offer has other blocks
 */
export function sampleOffer({ file, blockSizes }: LayerOffer, cuts: readonly number[]): PackedOffer | undefined {
  if (blockSizes.length !== cuts.length) return undefined;
  const wanted = Math.min(Math.max(MIN_SAMPLE, Math.ceil(cuts.length / SAMPLED)), cuts.length);
  const sample = new Set<number>();
  while (sample.size < wanted) sample.add(randomInt(cuts.length));
  return { file, blockSizes, sample };
}
