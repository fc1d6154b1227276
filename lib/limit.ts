/** Runs tasks, at most `width` of them at once, in the order in which they come. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>;

export function createLimit(width: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  const next = () => {
    if (running < width) waiting.shift()?.();
  };
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
      next();
    }
  };
}
