import type { Digest } from "../digest.ts";

/** What a device has in one of the states that an artifact may find it in. */
export interface DeviceState {
  /** For reports: `auterion/app-base:v2`, `com.example.app 1.0.0`. */
  readonly name: string;
  /** DiffIDs of its images, lowest layer first. */
  readonly images: readonly (readonly Digest[])[];
}

/** Whether a layer may be left out of an artifact, and why not. */
export type Placement =
  | { readonly out: true }
  | {
      readonly out: false;
      /** `new`: the device does not have it. `chain`: it has it, but not on what this image has below it. */
      readonly why: "new" | "chain";
      /** The state in which that is so. */
      readonly state: string;
      /** Index of the image. */
      readonly image: number;
    };

/**
 * Which layers a device need not be sent. Docker looks a layer up by its chain ID, a digest of all diffIDs up to its own
 * (moby, `tarexport/load.go`), and opens the file of the archive when it knows none: the same content on other layers does
 * not count. So a layer may be left out only if in every image that has it, at every place, it lies in the run of lowest
 * layers that an image of the device has as well; and that for every state that the device may be in.
 *
 * @param images diffIDs of the images of the artifact, lowest layer first
 * @param states at least one
 */
export function placeLayers(
  images: readonly (readonly Digest[])[],
  states: readonly DeviceState[],
): ReadonlyMap<Digest, Placement> {
  if (states.length === 0) throw new Error("nothing is known of the device");
  const placed = new Map<Digest, Placement>();
  for (const state of states) {
    const known = new Set(state.images.flat());
    for (const [image, diffIds] of images.entries()) {
      const run = longestRun(diffIds, state.images);
      for (const [place, diffId] of diffIds.entries()) {
        if (placed.get(diffId)?.out === false) continue;
        const why = known.has(diffId) ? "chain" : "new";
        placed.set(diffId, place < run ? { out: true } : { out: false, why, state: state.name, image });
      }
    }
  }
  return placed;
}

/** How many of the lowest layers are also the lowest ones of another image, of the one that has most of them. */
export function longestRun(diffIds: readonly Digest[], others: readonly (readonly Digest[])[]): number {
  let longest = 0;
  for (const other of others) {
    let run = 0;
    while (run < diffIds.length && diffIds[run] === other[run]) run += 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
