import type { BuildEvent, OnEvent, Step } from "../../../lib/events.ts";
import { shortDigest } from "../text.ts";

export type Work = Step["work"] | "pull" | "push";

/** A transfer or a step that is under way. */
export interface Activity {
  readonly work: Work;
  readonly name: string;
  /** Bytes in all; undefined when nobody knows. */
  readonly size: number | undefined;
  /** Bytes that are done. */
  readonly done: number;
  /** When it began, in milliseconds. */
  readonly begun: number;
  /** Bytes in a second, lately; undefined when that cannot be told yet. @param now later than the last one */
  speed(now: number): number | undefined;
}

/** What was done and is to be done of one kind of work, in bytes. */
export interface Total {
  readonly done: number;
  readonly size: number;
}

/** Follows by the events of lib what is going on. */
export interface Activities {
  readonly event: OnEvent;
  /** In the order in which they began. */
  running(): readonly Activity[];
  /** Of work whose bytes are counted, by its kind. */
  totals(): ReadonlyMap<Work, Total>;
}

/** @param now gives milliseconds */
export function createActivities(now: () => number): Activities {
  /** By the step, or by the kind and the layer of a transfer. */
  const running = new Map<unknown, Counter>();
  const waiting = new Map<string, number>();
  const ended = new Map<Work, number>();

  function begin(key: unknown, what: Pick<Activity, "work" | "name" | "size">, from: number): void {
    running.delete(key);
    running.set(key, createCounter(what, from, now));
  }

  function end(key: unknown, size?: number): void {
    const counter = running.get(key);
    if (counter === undefined) return;
    running.delete(key);
    const { work, done } = counter.activity;
    const total = (ended.get(work) ?? 0) + (size ?? done);
    if (total > 0) ended.set(work, total);
  }

  function event(event: BuildEvent): void {
    switch (event.kind) {
      case "pull-wait":
        waiting.set(event.layer, event.size);
        break;
      case "pull-start":
      case "push-start": {
        const { layer, reference, size, from } = event;
        const work = event.kind === "pull-start" ? "pull" : "push";
        if (work === "pull") waiting.delete(layer);
        // The layer comes first: there may be many of one reference.
        const name = `${shortDigest(layer)} ${familiar(reference)}`;
        begin(keyOf(event), { work, name, size: size === 0 ? undefined : size }, from);
        break;
      }
      case "pull-bytes":
      case "push-bytes":
        running.get(keyOf(event))?.add(event.size);
        break;
      case "pull-end":
      case "push-end":
        end(keyOf(event), event.size);
        break;
      case "pull-fail":
      case "push-fail":
        running.delete(keyOf(event));
        break;
      case "step-start":
        begin(event.step, { size: undefined, ...event.step, name: familiar(event.step.name) }, 0);
        break;
      case "step-bytes":
        running.get(event.step)?.add(event.size);
        break;
      case "step-end":
        end(event.step);
        break;
    }
  }

  return {
    event,
    running: () => [...running.values()].map(({ activity }) => activity),
    totals() {
      const totals = new Map<Work, { done: number; size: number }>();
      const add = (work: Work, done: number, size: number) => {
        const total = totals.get(work) ?? { done: 0, size: 0 };
        totals.set(work, { done: total.done + done, size: total.size + size });
      };
      for (const [work, done] of ended) add(work, done, done);
      for (const { activity } of running.values()) {
        const { work, done, size = done } = activity;
        if (size > 0) add(work, done, size);
      }
      for (const size of waiting.values()) add("pull", 0, size);
      return totals;
    },
  };
}

/** Of a transfer: a layer may be pulled and pushed at once. */
function keyOf({ kind, layer }: { kind: string; layer: string }): string {
  return `${kind.slice(0, "pull".length)} ${layer}`;
}

interface Counter {
  readonly activity: Activity;
  add(size: number): void;
}

/** Milliseconds that a speed is taken over, at most and at least. */
const SPEED_MS = 5000;
const MIN_SPEED_MS = 500;

function createCounter(what: Pick<Activity, "work" | "name" | "size">, from: number, now: () => number): Counter {
  const begun = now();
  let done = from;
  let samples: { readonly at: number; readonly done: number }[] = [{ at: begun, done }];
  return {
    activity: {
      ...what,
      begun,
      get done() {
        return done;
      },
      speed(at) {
        samples.push({ at, done });
        while (samples.length > 2 && samples[1]!.at <= at - SPEED_MS) samples.shift();
        const first = samples[0]!;
        return at - first.at < MIN_SPEED_MS ? undefined : ((done - first.done) / (at - first.at)) * 1000;
      },
    },
    add(size) {
      done += size;
      if (size < 0) samples = [{ at: now(), done }];
    },
  };
}

/** As `familiarReference`, of a text that need not be a reference. */
function familiar(reference: string): string {
  return reference.replace(/^docker\.io\/(library\/(?=[^/]*$))?/, "");
}
