import type { Digest } from "./digest.ts";

/** What happens during a build, for whoever shows it. */
export type BuildEvent =
  | {
      readonly kind: "resolve";
      readonly reference: string;
      readonly manifest: Digest;
      readonly from: "registry" | "store";
    }
  | { readonly kind: "pull-start"; readonly reference: string; readonly layer: Digest; readonly size: number }
  | { readonly kind: "pull-bytes"; readonly layer: Digest; readonly size: number }
  | { readonly kind: "pull-end"; readonly reference: string; readonly layer: Digest; readonly size: number }
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
