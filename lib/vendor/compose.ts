import type { Lock, LockedBlob, LockedReference } from "../../spec/lock.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { ANNOTATION, type Descriptor, type Index, type IndexEntry } from "../../spec/oci.ts";
import { compareBytes } from "../bytes.ts";
import { blobPath, type Digest, digestOf, LAYOUT_MARKER } from "../digest.ts";
import { AircrateError } from "../error.ts";
import { LOCK_NAME } from "../lock/file.ts";
import { parsePlatform } from "../platform.ts";

/** A file of the layout: a document made here, or a blob that the lock names. */
export type VendorFile =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly blob: VendorBlob };

export type VendorBlob = Pick<LockedBlob, "digest" | "size">;

/**
 * The files of an image layout (image-spec image-layout.md) with all that a lock names, in their order: documents in
 * front, so that a reader may stop early, then the blobs by digest. It follows from the lock alone.
 *
 * Each reference stands in `index.json` once. It leads to its manifest when that is the only one and of OCI's own type,
 * else to an index that is made here: skopeo finds nothing else by name, and only from an index does it choose a platform.
 * The index that a registry has names platforms that are not in the layout, so nothing leads to it; it is there for
 * references that name it by digest. Nor does anything lead to remote files, which are blobs beside the others: a layout may
 * hold what no index names.
 *
 * @param lockBytes the lock file, which is put beside the index: it shows whose layout it is
 * @throws AircrateError integrity when the lock names one blob with two sizes
 */
export function composeVendor(lock: Lock, lockBytes: Uint8Array): VendorFile[] {
  const blobs = new Map<Digest, VendorFile>();
  const manifests: IndexEntry[] = [];
  for (const [reference, locked] of Object.entries(lock.images).sort(([a], [b]) => compareBytes(a, b))) {
    for (const blob of lockedBlobs(locked)) addBlob(blobs, blob, reference);
    const annotations = { [ANNOTATION.containerdName]: reference, [ANNOTATION.refName]: reference };
    manifests.push({ ...rootOf(locked, blobs), annotations });
  }
  for (const [digest, { size }] of Object.entries(lock.files ?? {})) addBlob(blobs, { digest, size });
  const index: Index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests };
  return [
    { path: "oci-layout", bytes: Buffer.from(LAYOUT_MARKER) },
    { path: "index.json", bytes: toJson(index) },
    { path: VENDORED_LOCK, bytes: lockBytes },
    ...[...blobs.keys()].sort().map((digest) => blobs.get(digest)!),
  ];
}

/** Name of the lock in the layout. */
export const VENDORED_LOCK = LOCK_NAME;

/** Every blob that is locked for a reference. */
export function lockedBlobs({ index, platforms }: LockedReference): LockedBlob[] {
  const images = Object.values(platforms).flatMap(({ manifest, config, layers }) => [manifest, config, ...layers]);
  return index === undefined ? images : [index, ...images];
}

/** @param reference the one that has the blob; none has a remote file */
function addBlob(blobs: Map<Digest, VendorFile>, { digest, size }: VendorBlob, reference?: string): void {
  const known = blobs.get(digest);
  if (known === undefined) {
    blobs.set(digest, { path: blobPath(digest), blob: { digest, size } });
  } else if ("blob" in known && known.blob.size !== size) {
    throw new AircrateError("integrity", "the lock gives two sizes for one blob", {
      where: reference ?? LOCK_NAME,
      reason: `${digest}: ${known.blob.size} and ${size} bytes`,
      hint:
        reference === undefined
          ? `take the file out of ${LOCK_NAME}, and lock it anew: aircrate lock`
          : `lock it anew: aircrate lock --update ${reference}`,
    });
  }
}

function rootOf({ platforms }: LockedReference, blobs: Map<Digest, VendorFile>): Descriptor {
  const entries = Object.entries(platforms).sort(([a], [b]) => compareBytes(a, b));
  const [first, ...others] = entries.map(([, { manifest }]) => manifest);
  if (first !== undefined && others.length === 0 && first.mediaType === MEDIA.ociManifest) return { ...first };
  const manifests = entries.map(([platform, { manifest }]): IndexEntry => {
    const { os, architecture, variant } = parsePlatform(platform);
    return { ...manifest, platform: { architecture, os, ...(variant !== undefined && { variant }) } };
  });
  const index: Index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests };
  const bytes = toJson(index);
  const digest = digestOf(bytes);
  blobs.set(digest, { path: blobPath(digest), bytes });
  return { mediaType: MEDIA.ociIndex, digest, size: bytes.length };
}

function toJson(document: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(document), "utf8");
}
