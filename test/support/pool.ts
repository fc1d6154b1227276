import type { TestContext } from "node:test";
import { createWorkPool, type WorkPool, type WorkPoolOptions } from "../../lib/workers/pool.ts";
import { onCleanup } from "./cleanup.ts";

/** A pool that is closed after the test. */
export function poolFor(t: TestContext, options?: WorkPoolOptions): WorkPool {
  const pool = createWorkPool(options);
  onCleanup(t, () => pool.close());
  return pool;
}
