import v8 from "node:v8";
import vm from "node:vm";

type Collector = (options: { type: "minor" }) => void;

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
  // The one for JavaScript starts later: nearly all time goes into native code, and what it compiles within a second
  // costs more time than it gives back (measured: 0.15 s of 1.0 s). Later versions of Node go by another measure.
  if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--interrupt-budget=1000000");
  (globalThis as { gc?: unknown }).gc ??= vm.runInNewContext("gc");
}

const STEP = 2 * 1024 * 1024;

/** Returns a function to be told of each buffer, in bytes, that was just dropped. Does nothing without a collector. */
export function createRelief(): (dropped: number) => void {
  const collect = (globalThis as { gc?: Collector }).gc;
  if (collect === undefined) return () => {};
  let total = 0;
  return (dropped) => {
    total += dropped;
    if (total < STEP) return;
    total = 0;
    collect({ type: "minor" });
  };
}
