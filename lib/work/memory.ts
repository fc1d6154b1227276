import v8 from "node:v8";
import vm from "node:vm";

type Collector = (options: { type: "minor" }) => void;

/**
 * Lets {@link createRelief} ask for collections. Buffers lie outside V8's heap, and garbage there hardly hastens a
 * collection: a stream of buffers would let the process grow by tens of megabytes per thread before the first one.
 * A minor collection takes less than 0.1 ms. Sets a V8 flag for the whole process, threads started later included, so
 * a program calls it for itself; a library does not.
 */
export function exposeCollector(): void {
  v8.setFlagsFromString("--expose-gc");
  (globalThis as { gc?: unknown }).gc ??= vm.runInNewContext("gc");
}

const STEP = 4 * 1024 * 1024;

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
