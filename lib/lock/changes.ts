import type { Lock, LockedBlob, LockedImage } from "../../spec/lock.ts";
import type { BlobTotal, FileChange, LockChange, LockReport } from "../../spec/lock-report.ts";
import { compareBytes } from "../bytes.ts";
import { shownAddress } from "../remote/address.ts";
import { hasBlob, type Store } from "../store/layout.ts";
import { findPulledLayer } from "../store/records.ts";
import { lockedPlatforms } from "./plans.ts";

/** What a new lock means against the one before: per reference and platform, per file, and in bytes. */
export async function lockChanges(
  store: Store,
  before: Lock | undefined,
  after: Lock,
): Promise<Pick<LockReport, "platforms" | "images" | "files" | "layersSize" | "download">> {
  const old = entriesOf(before);
  const now = entriesOf(after);
  const layers = unique([...now.values()].flatMap((image) => image.layers));
  const absent = new Map<string, LockedBlob>();
  for (const [digest, layer] of layers) if (!(await isStored(store, layer))) absent.set(digest, layer);
  const images = [...new Set([...old.keys(), ...now.keys()])].sort(compareBytes).map((key): LockChange => {
    const [reference, platform] = key.split("\n") as [string, string];
    const from = old.get(key);
    const to = now.get(key);
    const here = unique(to?.layers ?? []);
    const there = unique(from?.layers ?? []);
    return {
      ...{ reference, platform, change: kindOf(from, to) },
      ...(from && { from: from.manifest.digest }),
      ...(to && { to: to.manifest.digest }),
      layers: {
        kept: total(here, (digest) => there.has(digest)),
        new: total(here, (digest) => !there.has(digest)),
        gone: total(there, (digest) => !here.has(digest)),
      },
      download: total(here, (digest) => absent.has(digest)).size,
    };
  });
  return {
    platforms: [...lockedPlatforms(after)].sort(compareBytes),
    images,
    files: fileChanges(before?.files, after.files),
    layersSize: total(layers).size,
    download: total(absent).size,
  };
}

function fileChanges(before: Lock["files"] = {}, after: Lock["files"] = {}): FileChange[] {
  const digests = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return digests.map((digest) => {
    const { url, size } = after[digest] ?? before[digest]!;
    const change = after[digest] === undefined ? "dropped" : before[digest] === undefined ? "added" : "kept";
    return { digest, url: shownAddress(new URL(url)), change, size };
  });
}

/** The images of a lock by reference and platform, joined by a line end, which neither can hold. */
function entriesOf(lock: Lock | undefined): ReadonlyMap<string, LockedImage> {
  const entries = Object.entries(lock?.images ?? {}).flatMap(([reference, { platforms }]) =>
    Object.entries(platforms).map(([platform, image]) => [`${reference}\n${platform}`, image] as const),
  );
  return new Map(entries);
}

function kindOf(from: LockedImage | undefined, to: LockedImage | undefined): LockChange["change"] {
  if (from === undefined) return "added";
  if (to === undefined) return "dropped";
  return from.manifest.digest === to.manifest.digest ? "kept" : "moved";
}

function unique(blobs: readonly LockedBlob[]): ReadonlyMap<string, LockedBlob> {
  return new Map(blobs.map((blob) => [blob.digest, blob]));
}

function total(blobs: ReadonlyMap<string, LockedBlob>, counts = (_digest: string) => true): BlobTotal {
  const chosen = [...blobs.values()].filter(({ digest }) => counts(digest));
  return { count: chosen.length, size: chosen.reduce((sum, { size }) => sum + size, 0) };
}

/** A layer that came in another encoding is known by what it was made into. */
async function isStored(store: Store, layer: LockedBlob): Promise<boolean> {
  return (await hasBlob(store, layer)) || (await findPulledLayer(store, layer.digest)) !== undefined;
}
