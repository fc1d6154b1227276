import assert from "node:assert/strict";
import type { BuildEvent, OnEvent, Step } from "../../lib/events.ts";

/** A step that has come to its end, and the bytes that were told of it. */
export interface DoneStep extends Step {
  readonly bytes: number;
}

/** Follows the steps in events, and that they are told of in order. */
export function followSteps(): { readonly event: OnEvent; readonly done: readonly DoneStep[]; running(): number } {
  const running = new Map<Step, number>();
  const done: DoneStep[] = [];
  return {
    event(event: BuildEvent) {
      if (event.kind === "step-start") {
        assert.ok(!running.has(event.step));
        running.set(event.step, 0);
      } else if (event.kind === "step-bytes") {
        running.set(event.step, running.get(event.step)! + event.size);
      } else if (event.kind === "step-end") {
        done.push({ ...event.step, bytes: running.get(event.step)! });
        running.delete(event.step);
      }
    },
    done,
    running: () => running.size,
  };
}
