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
