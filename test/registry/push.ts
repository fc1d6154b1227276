import type { Digest } from "../../lib/digest.ts";
import type { UploadContent } from "../../lib/registry/upload.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { digestOf } from "../support/image-content.ts";
import { inChunks, noise } from "../support/seeded.ts";

/** A blob to push: what was asked for and told while it was sent. */
export interface PushedBlob {
  readonly bytes: Buffer;
  readonly blob: { readonly digest: Digest; readonly size: number };
  readonly content: UploadContent;
  /** Positions from which it was opened. */
  readonly opened: readonly number[];
  /** Positions that `onStart` was told. */
  readonly started: readonly number[];
  /** Where the position is that the events tell of. */
  position(): number;
}

export function blobOf(size: number, seed = 1): PushedBlob {
  const bytes = noise(seed, size);
  const opened: number[] = [];
  const started: number[] = [];
  let position = Number.NaN;
  return {
    bytes,
    blob: { digest: digestOf(bytes), size },
    opened,
    started,
    position: () => position,
    content: {
      open(from) {
        opened.push(from);
        return inChunks(bytes.subarray(from), 64 * 1024);
      },
      onStart(from) {
        started.push(from);
        position = from;
      },
      onBytes(count) {
        position += count;
      },
    },
  };
}

/** Method, what stands behind the path of the repository, part that was sent and status of each push request so far. */
export function pushes(registry: EmbeddedRegistry): string[] {
  return registry.requests
    .filter(({ kind }) => kind === "upload" || kind === "manifest" || kind === "blob")
    .map(({ method, kind, contentRange = "", status }) =>
      [method, kind, contentRange, status ?? "cut"].filter((part) => part !== "").join(" "),
    );
}
