import type { SignatureKind } from "../../spec/mender.ts";
import type { BuildReport } from "../../spec/report.ts";
import type { AppManifest } from "../app/manifest.ts";
import { auterionMetadata } from "../app/metadata.ts";
import { payloadFiles } from "../app/payload.ts";
import { type Archive, type ArchiveImage, composeArchive } from "../archive/compose.ts";
import { createImageGzip, type ImageGzip } from "../archive/image-gzip.ts";
import type { OnEvent } from "../events.ts";
import { timestamp } from "../image/assemble.ts";
import type { SigningKey } from "../keys/private-key.ts";
import type { ArtifactHeader } from "../mender/documents.ts";
import { type ArtifactContent, digestArtifact, writeArtifact } from "../mender/write.ts";
import type { Store } from "../store/layout.ts";
import { shareSegments } from "../tar/shared.ts";
import { VERSION } from "../version.ts";
import type { WorkPool } from "../workers/pool.ts";
import type { Device, Thinned } from "./thin.ts";

export interface WriteContext {
  readonly store: Store;
  readonly pool: WorkPool;
  readonly epoch: number;
  /** For a thin artifact: what the device has. */
  readonly device: Device | undefined;
  readonly imageGzip: ImageGzip;
  readonly key: SigningKey | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: OnEvent | undefined;
}

export interface Written {
  readonly archive: Archive;
  readonly size: number;
  readonly payload: BuildReport["payload"];
  readonly signature?: SignatureKind;
  readonly thinned?: Thinned;
}

/** Writes the package of an application, in full or, when it is known what the device has, thin. */
export async function writeApplication(
  file: string,
  images: readonly ArchiveImage[],
  { app, store, pool, epoch, device, imageGzip, key, signal, onEvent }: WriteContext & { readonly app: AppManifest },
): Promise<Written> {
  const archive = composeArchive(images, "docker-archive", "plain");
  const files = await payloadFiles(app, { epoch });
  const pack = await createImageGzip(store, imageGzip, images);
  const content = (header: ArtifactHeader, written: Archive): ArtifactContent => ({
    header,
    payload: files.map((entry) => ({
      name: entry.name,
      pieces: "image" in entry ? pack(written) : [{ bytes: entry.bytes }],
    })),
    digest: (segments) => pool.run({ kind: "digest", stream: shareSegments(segments) }),
    ...{ signal, onEvent },
  });
  const header = artifactHeader(app, epoch);
  const signature = key === undefined ? {} : { signature: key.kind };
  if (device === undefined) {
    const { size, payload } = await writeArtifact(file, store, { ...content(header, archive), key });
    return { archive, size, payload: [...payload], ...signature };
  }
  const { thinArchive, thinHeader, thinOut } = await import("./thin.ts");
  // Of the full one without a signature: nobody who gives it back has the key.
  const thinned = thinOut(images, device, {
    full: await digestArtifact(store, content(header, archive)),
    imageGzip,
  });
  const thin = content(thinHeader(header, thinned), thinArchive(archive, thinned));
  const { size, payload } = await writeArtifact(file, store, { ...thin, key });
  return { archive, size, payload: [...payload], ...signature, thinned };
}

/** Names as Auterion's own tool gives them: the update module on the device goes by them. */
function artifactHeader(app: AppManifest, epoch: number): ArtifactHeader {
  const { appYml, slug, version, deviceTypes } = app;
  const buildTime = timestamp(epoch).replace(/Z$/, "");
  return {
    type: "docker",
    // The version came into it with later manifests.
    name: appYml === undefined ? `${slug}:${version}` : slug,
    deviceTypes,
    software: `docker-app.${slug}`,
    version,
    metaData: { "auterion-metadata": auterionMetadata(app, { buildTime, toolVersion: `aircrate ${VERSION}` }) },
  };
}
