import type { Digest } from "./digest.ts";

/** What happens during a build, for whoever shows it. */
export type BuildEvent =
  | {
      readonly kind: "resolve";
      readonly reference: string;
      readonly manifest: Digest;
      readonly from: "registry" | "store";
    }
  /** A mirror did not deliver, and the next place is asked; `why` in one line. */
  | { readonly kind: "pass-over"; readonly reference: string; readonly host: string; readonly why: string }
  | { readonly kind: "pull-start"; readonly reference: string; readonly layer: Digest; readonly size: number }
  | { readonly kind: "pull-bytes"; readonly layer: Digest; readonly size: number }
  | { readonly kind: "pull-end"; readonly reference: string; readonly layer: Digest; readonly size: number }
  /** A stage of the build is over; `milliseconds` since the one before it. */
  | { readonly kind: "stage"; readonly name: string; readonly milliseconds: number };

export type OnEvent = (event: BuildEvent) => void;
