import { Interrupted } from "./ui/error.ts";

/**
 * Lets a signal stop the task in order, so that no half-written file stays behind. One that comes when the task is done
 * changes nothing any more: the file is there, and the process is about to end. The same one a second time ends it at
 * once.
 */
export async function withSignals<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => controller.abort(new Interrupted(signal)));
  }
  return task(controller.signal);
}
