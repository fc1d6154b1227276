import type { Digest } from "./digest.ts";

/** What happens while images are resolved, pulled, built, written and pushed, for whoever shows it. */
export type BuildEvent =
  | {
      readonly kind: "resolve";
      readonly reference: string;
      readonly manifest: Digest;
      /** `local`: the store, by a tag that was given on this machine. */
      readonly from: "registry" | "store" | "local";
    }
  /** A mirror did not deliver, and the next place is asked; `why` in one line. */
  | { readonly kind: "pass-over"; readonly reference: string; readonly host: string; readonly why: string }
  /** A blob has to be pulled and waits for its turn, so that it is known how much there is to come. */
  | { readonly kind: "pull-wait"; readonly layer: Digest; readonly size: number }
  /**
   * `size`: bytes in all, 0 when nobody says. `from`: those that were there already. Comes again, with 0, when a transfer
   * has to begin anew.
   */
  | {
      readonly kind: "pull-start" | "push-start";
      readonly reference: string;
      readonly layer: Digest;
      readonly size: number;
      readonly from: number;
    }
  | { readonly kind: "pull-bytes" | "push-bytes"; readonly layer: Digest; readonly size: number }
  /** `stored`: the blob that goes into outputs, another one when the layer did not come packed with gzip. */
  | {
      readonly kind: "pull-end";
      readonly reference: string;
      readonly layer: Digest;
      readonly size: number;
      readonly stored: Digest;
    }
  | { readonly kind: "push-end"; readonly reference: string; readonly layer: Digest; readonly size: number }
  /** A transfer with a shared cache of layers came to nothing, and the build does without. */
  | { readonly kind: "pull-fail" | "push-fail"; readonly layer: Digest }
  /** A request failed and is sent again in `wait` milliseconds; `host` is the server, with its port. */
  | {
      readonly kind: "retry";
      readonly where: string;
      readonly host: string;
      readonly reason: string;
      readonly wait: number;
    }
  | { readonly kind: "step-start"; readonly step: Step }
  /** `size`: bytes that were done since the event before; below 0 when some have to be done anew. */
  | { readonly kind: "step-bytes"; readonly step: Step; readonly size: number }
  /** It is done, or it failed. Not all of its bytes need have come: a layer that was packed before is only found. */
  | { readonly kind: "step-end"; readonly step: Step };

/** Work that takes time and is no transfer. All events of a step have the same object, which tells it from others. */
export interface Step {
  readonly work: "resolve" | "pack" | "unpack" | "read" | "check" | "write" | "send";
  /** What it is done to: a reference, a place in a file, a file. It may hold any character. */
  readonly name: string;
  /** Bytes to be done, where they are counted. */
  readonly size?: number;
}

export type OnEvent = (event: BuildEvent) => void;

/** Does a task as a step. It is told of its bytes by the function that it is given. */
export async function inStep<T>(
  onEvent: OnEvent | undefined,
  step: Step,
  task: (onBytes: (size: number) => void) => Promise<T>,
): Promise<T> {
  onEvent?.({ kind: "step-start", step });
  try {
    return await task((size) => onEvent?.({ kind: "step-bytes", step, size }));
  } finally {
    onEvent?.({ kind: "step-end", step });
  }
}

/** Tells several listeners, those that are there. */
export function joinListeners(...listeners: readonly (OnEvent | undefined)[]): OnEvent {
  return (event) => {
    for (const listener of listeners) listener?.(event);
  };
}

/** Collects what events mean for whoever reads a report: each thing once. */
export function createWarnings(): { readonly event: OnEvent; list(): string[] } {
  const warnings = new Set<string>();
  return {
    event(event) {
      if (event.kind === "pass-over") warnings.add(`mirror ${event.host} was passed over: ${event.why}`);
    },
    list: () => [...warnings],
  };
}
