import type { OnEvent } from "../lib/events.ts";
import { type ProgressArguments, progressMode } from "./progress.ts";
import { withSignals } from "./signals.ts";
import { createProgress } from "./ui/progress/progress.ts";

/** What a task that takes its time is given. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
  /** Shows a line that stays. */
  readonly say: (line: string) => void;
}

/** Runs a task that a signal stops in order, and shows on stderr how far it is. Nothing of that is left at its end. */
export function watched<T>(args: ProgressArguments, task: (watch: Watch) => Promise<T>): Promise<T> {
  const { stderr, env } = process;
  return withSignals(async (signal) => {
    const { event: onEvent, say, close } = createProgress(progressMode(args, env, stderr.isTTY), stderr);
    // At once: the same signal a second time ends the process where it is.
    signal.addEventListener("abort", close, { once: true });
    try {
      return await task({ signal, onEvent, say });
    } finally {
      close();
    }
  });
}
