import type { Digest } from "./digest.ts";

/** What happens during a build or a push, for whoever shows it. */
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
  /** `from`: bytes that were there already. Comes again, with 0, when a download has to begin anew. */
  | {
      readonly kind: "pull-start";
      readonly reference: string;
      readonly layer: Digest;
      readonly size: number;
      readonly from: number;
    }
  | { readonly kind: "pull-bytes"; readonly layer: Digest; readonly size: number }
  /** `stored`: the blob that goes into outputs, another one when the layer did not come packed with gzip. */
  | {
      readonly kind: "pull-end";
      readonly reference: string;
      readonly layer: Digest;
      readonly size: number;
      readonly stored: Digest;
    }
  /** A blob is sent to `reference`, a repository. `from`: bytes that are there already; comes again after a setback. */
  | {
      readonly kind: "push-start";
      readonly reference: string;
      readonly layer: Digest;
      readonly size: number;
      readonly from: number;
    }
  | { readonly kind: "push-bytes"; readonly layer: Digest; readonly size: number }
  | { readonly kind: "push-end"; readonly reference: string; readonly layer: Digest; readonly size: number }
  /** A request failed and is sent again in `wait` milliseconds; `host` is the server, with its port. */
  | {
      readonly kind: "retry";
      readonly where: string;
      readonly host: string;
      readonly reason: string;
      readonly wait: number;
    }
  /** A stage of the build is over; `milliseconds` since the one before it. */
  | { readonly kind: "stage"; readonly name: string; readonly milliseconds: number };

export type OnEvent = (event: BuildEvent) => void;

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
