import type { LayerRecord } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import type { Joint } from "../gzip/join.ts";
import { GzipFormatError } from "../gzip/members.ts";
import { blobFile, damagedBlob, type Store } from "../store/layout.ts";
import { findJointRecord, recordJoint } from "../store/records.ts";
import type { Archive, ArchiveImage } from "./compose.ts";
import type { Piece } from "./pieces.ts";
import { joinArchive, spliceArchive } from "./splice.ts";

/** Form of the packed archive: a row of gzip members, or a single one for devices that read no further. */
export type ImageGzip = "members" | "single";

/**
 * Packs archives of these layers in that form.
 *
 * @throws AircrateError integrity when a layer of the store is damaged
 */
export async function createImageGzip(
  store: Store,
  form: ImageGzip,
  images: readonly Pick<ArchiveImage, "layers">[],
): Promise<(archive: Archive) => Piece[]> {
  if (form === "members") return spliceArchive;
  const joints = await findJoints(
    store,
    images.flatMap(({ layers }) => layers),
  );
  return (archive) => joinArchive(archive, joints);
}

/** How layers are joined, by the digest of their packed bytes: each is unpacked for that once in the life of its blob. */
async function findJoints(store: Store, layers: Iterable<LayerRecord>): Promise<ReadonlyMap<Digest, Joint>> {
  const joints = new Map<Digest, Joint>();
  for (const { digest } of layers) {
    if (joints.has(digest)) continue;
    let joint = await findJointRecord(store, digest);
    if (joint === undefined) {
      const { findJoint } = await import("../gzip/join.ts");
      joint = await findJoint(blobFile(store, digest)).catch(async (error: unknown) => {
        throw error instanceof GzipFormatError ? await damagedBlob(store, digest, "build again") : error;
      });
      await recordJoint(store, digest, joint);
    }
    joints.set(digest, joint);
  }
  return joints;
}
