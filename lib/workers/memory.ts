import v8 from "node:v8";
import vm from "node:vm";

export type Relief = (dropped: number) => void;

type Collector = (options?: { type: "minor" }) => void;

/**
 * Fits V8 to a short run that handles large buffers. Sets flags for the whole process, threads started later included,
 * so a program calls this for itself, before anything else; a library does not.
 */
export function tuneEngine(): void {
  // Lets createRelief ask for collections: buffers lie outside V8's heap, and garbage there hardly hastens one, so a
  // stream of buffers would let the process grow by tens of megabytes per thread. A minor collection takes 0.1 ms.
  v8.setFlagsFromString("--expose-gc");
  // The optimising compiler for WebAssembly takes 36 MB for the HTTP parser of undici, which is no bottleneck.
  v8.setFlagsFromString("--liftoff-only");
  // Costs 3 % of the time and saves 20 MB: with several threads, V8's own reserves weigh more than all that is in use.
  v8.setFlagsFromString("--optimize-for-size");
  // The one for JavaScript starts later: nearly all time goes into native code, and what it compiles within a second
  // costs more time than it gives back (measured: 0.15 s of 1.0 s). Later versions of Node go by another measure.
  if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--interrupt-budget=1000000");
  (globalThis as { gc?: unknown }).gc ??= vm.runInNewContext("gc");
}

const MiB = 1024 * 1024;

/** So many bytes are dropped between collections. */
export interface ReliefSteps {
  readonly minor: number;
  /** Buffers that were in use during minor collections are only freed by a major one, which takes ten milliseconds. */
  readonly major: number;
}

/**
 * For each byte that it packs pako drops three of its own, and minor collections leave some of them. More major ones would
 * keep less, but each makes V8 forget how it had optimised pako.
 */
export const PAKO_STEPS: ReliefSteps = { minor: 2 * MiB, major: 24 * MiB };

/** Returns a function to be told of each buffer, in bytes, that was just dropped. Does nothing without a collector. */
export function createRelief({ minor, major }: ReliefSteps = { minor: 2 * MiB, major: 96 * MiB }): Relief {
  const collect = (globalThis as { gc?: Collector }).gc;
  if (collect === undefined) return () => {};
  let sinceMinor = 0;
  let sinceMajor = 0;
  return (dropped) => {
    sinceMinor += dropped;
    if (sinceMinor < minor) return;
    sinceMajor += sinceMinor;
    sinceMinor = 0;
    if (sinceMajor < major) {
      collect({ type: "minor" });
      return;
    }
    sinceMajor = 0;
    // Not by its name: V8 in Node 20 takes any options for those of a minor one.
    collect();
  };
}
