/** Runs tasks, at most `width` of them at once, in the order in which they come. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>;

export function createLimit(width: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running < width) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The place is handed over: were it given up, a newcomer could take it before the one who waits wakes up.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

/**
 * Runs a task for each item, at most `width` of them at once. After a failure no further one is begun.
 *
 * @returns the results in the order of the items
 * @throws the failure of the first item in order, when all that were under way have ended
 */
export async function mapLimited<A, B>(width: number, items: Iterable<A>, task: (item: A) => Promise<B>): Promise<B[]> {
  const limit = createLimit(width);
  let failure: unknown;
  const started = [...items].map((item) =>
    limit(async () => {
      if (failure !== undefined) throw failure;
      try {
        return await task(item);
      } catch (error) {
        failure ??= error;
        throw error;
      }
    }),
  );
  const results = await Promise.allSettled(started);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
