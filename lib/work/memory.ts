import v8 from "node:v8";
import vm from "node:vm";

type Collector = (options: { type: "minor" }) => void;

/**
 * Keeps the process small. Sets V8 flags for all of it, threads started later included, so a program calls this for
 * itself, before anything else; a library does not.
 *
 * Lets {@link createRelief} ask for collections: buffers lie outside V8's heap, and garbage there hardly hastens a
 * collection, so a stream of buffers would let the process grow by tens of megabytes per thread before the first one.
 * A minor collection takes less than 0.1 ms.
 *
 * Compiles WebAssembly without its optimising compiler: that one takes 36 MB for the HTTP parser of undici, which is no
 * bottleneck.
 */
export function saveMemory(): void {
  v8.setFlagsFromString("--liftoff-only");
  v8.setFlagsFromString("--expose-gc");
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
