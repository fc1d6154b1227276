import type { LockedBlob, LockedImage } from "../../spec/lock.ts";
import type { Descriptor, Manifest } from "../../spec/oci.ts";
import { AircrateError } from "../error.ts";

/** What the references of a plan are locked to, by reference in full, on one platform. */
export type Pins = ReadonlyMap<string, LockedImage>;

/** What a lock says of an image: what names its manifest, and what that names. */
export function lockedImage(manifest: Descriptor, { mediaType, config, layers }: ManifestContent): LockedImage {
  return {
    config: lockedBlob(config),
    layers: layers.map(lockedBlob),
    manifest: lockedBlob({ ...manifest, mediaType: mediaType ?? manifest.mediaType }),
  };
}

type ManifestContent = Pick<Manifest, "mediaType" | "config"> & { readonly layers: readonly Descriptor[] };

export function lockedBlob({ digest, mediaType, size }: Descriptor): LockedBlob {
  return { digest, mediaType, size };
}

/**
 * Compares what a manifest says with what the lock says of it. The digest of the manifest has been checked: a difference
 * means that the lock was changed by hand or merged wrongly.
 *
 * @throws AircrateError integrity
 */
export function checkPin(pin: LockedImage, found: LockedImage, where: string): void {
  const reason: string[] = [];
  const compare = (what: string, locked: LockedBlob | undefined, one: LockedBlob | undefined) => {
    if (blobText(locked) === blobText(one)) return;
    reason.push(`${what}: locked ${blobText(locked)}`, `${what}: found ${blobText(one)}`);
  };
  compare("manifest", pin.manifest, found.manifest);
  compare("config", pin.config, found.config);
  for (let i = 0; i < Math.max(pin.layers.length, found.layers.length); i += 1) {
    compare(`layer ${i + 1}`, pin.layers[i], found.layers[i]);
  }
  if (reason.length === 0) return;
  throw new AircrateError("integrity", "the image is not what aircrate.lock says of it", {
    where,
    reason: reason.slice(0, MAX_LINES),
    hint: `lock it anew: aircrate lock --update ${where}`,
  });
}

const MAX_LINES = 6;

function blobText(blob: LockedBlob | undefined): string {
  return blob === undefined ? "none" : `${blob.digest}, ${blob.size} bytes, ${blob.mediaType}`;
}
