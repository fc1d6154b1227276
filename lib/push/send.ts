import type { PushedBlob, PushedImage } from "../../spec/push-report.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { mapLimited } from "../limit.ts";
import { formatReference } from "../reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { RegistryTarget } from "../registry/target.ts";
import type { Store } from "../store/layout.ts";
import type { Destination, Job } from "./destinations.ts";
import { damageOf, type PushBlob, readPushed } from "./image.ts";
import type { KnownBlobs } from "./known.ts";

export interface SendContext {
  /** Has the blobs of the image. */
  readonly store: Store;
  readonly client: Pick<RegistryClient, "target">;
  readonly known: KnownBlobs;
  readonly onEvent: OnEvent;
}

/** Blobs that are sent at once. */
const PARALLEL_BLOBS = 4;

/**
 * Pushes one image: what its repository does not have, and then the manifest, so that a tag never leads to half an image.
 *
 * @throws AircrateError unreachable, forbidden; integrity: a blob in the store is damaged
 */
export async function sendImage({ image, destination }: Job, context: SendContext): Promise<PushedImage> {
  const { manifest, blobs, manifestOrigin, name, platform } = image;
  const { digest, mediaType } = manifest.descriptor;
  const target = context.client.target(destination);
  const known = (await target.has("manifests", destination.tag))?.digest === digest;
  // A registry takes a manifest only when it has what that names.
  const sent = known
    ? blobs.map((blob): PushedBlob => ({ ...blob, how: "there" }))
    : await mapLimited(PARALLEL_BLOBS, blobs, (blob) => sendBlob(blob, { ...context, target, destination }));
  for (const blob of blobs) context.known.add(destination, blob.digest);
  if (!known) await target.putManifest(destination.tag, mediaType, manifest.bytes);
  const { registry, repository } = destination;
  return {
    ...(name !== undefined && { name }),
    ...{ platform, reference: formatReference(destination), pinned: `${registry}/${repository}@${digest}` },
    ...{ digest, mediaType, manifestOrigin, known, blobs: sent },
  };
}

interface BlobContext extends SendContext {
  readonly target: RegistryTarget;
  readonly destination: Destination;
}

async function sendBlob(blob: PushBlob, context: BlobContext): Promise<PushedBlob> {
  const { target, destination, known } = context;
  const { digest } = blob;
  if (known.has(destination, digest) || (await target.has("blobs", digest)) !== undefined) {
    return { ...blob, how: "there" };
  }
  const from = known.elsewhere(destination, digest);
  if (from !== undefined && (await target.mount(digest, from))) return { ...blob, how: "mounted", from };
  await upload(blob, context);
  return { ...blob, how: "sent" };
}

async function upload(blob: PushBlob, { store, target, destination, onEvent }: BlobContext): Promise<void> {
  const { digest: layer, size } = blob;
  const reference = formatReference(destination);
  try {
    await target.upload(blob, {
      open: (from) => readPushed(store, blob, from),
      onStart: (from) => onEvent({ kind: "push-start", reference, layer, size, from }),
      onBytes: (count) => onEvent({ kind: "push-bytes", layer, size: count }),
    });
  } catch (error) {
    if (!(error instanceof AircrateError) || error.fault !== "integrity") throw error;
    throw (await damageOf(store, blob)) ?? error;
  }
  onEvent({ kind: "push-end", reference, layer, size });
}
