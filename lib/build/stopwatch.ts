import type { BuildReport } from "../../spec/report.ts";

export interface Stopwatch {
  time<T>(name: string, task: () => Promise<T>): Promise<T>;
  stages(): BuildReport["stages"];
}

/** Notes when stages begin and end, for the report alone: no time gets into an output. */
export function createStopwatch(): Stopwatch {
  const zero = performance.now();
  const stages: BuildReport["stages"] = [];
  const now = () => Math.round((performance.now() - zero) * 10) / 10;
  return {
    async time(name, task) {
      const start = now();
      const result = await task();
      stages.push({ name, start, end: now() });
      return result;
    },
    stages: () => stages,
  };
}
