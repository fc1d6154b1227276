import type { LocalBuildReport } from "../../spec/local-reports.ts";
import type { ReportImage } from "../../spec/report.ts";
import type { ReferenceRecord } from "../../spec/store.ts";
import type { ArchiveImage } from "../archive/compose.ts";
import { composeManifest, type ImageDocuments } from "../archive/manifest.ts";
import { carryOut, type ImageOptions } from "../build/carry-out.ts";
import { createReport, sourceTotals } from "../build/report.ts";
import { createStopwatch } from "../build/stopwatch.ts";
import { type ImagePlanOptions, planImage } from "../plan/image.ts";
import { formatPlatform, type Platform } from "../platform.ts";
import { type Store, writeBlob } from "../store/layout.ts";
import { findPulledLayer, recordPulledLayer, recordReference } from "../store/records.ts";
import { createWorkPool, type WorkPool } from "../workers/pool.ts";

export interface LocalBuildOptions extends ImagePlanOptions, ImageOptions {
  readonly store: string;
  /** Folder that the Dockerfile copies from, as the user gives it. */
  readonly context: string;
  /** Threads to work with; the build closes them. Default: new ones. */
  readonly pool?: WorkPool;
}

/**
 * Makes the image of a Dockerfile and gives it local tags: its blobs are in the store, and builds on this machine find
 * it by its tags before they ask a registry. An image that had a tag before loses it.
 *
 * @throws AircrateError of every fault; see README, "Exit status"
 */
export async function buildLocalImage(options: LocalBuildOptions): Promise<LocalBuildReport> {
  const pool = options.pool ?? createWorkPool();
  try {
    return await buildWith(pool, options);
  } finally {
    await pool.close();
  }
}

async function buildWith(pool: WorkPool, options: LocalBuildOptions): Promise<LocalBuildReport> {
  const watch = createStopwatch();
  const plan = await watch.time("plan", () => planImage(options.context, options));
  const report = createReport(plan);
  return carryOut(plan, { ...options, pool, report, watch, pins: new Map() }, async (made) => {
    const { store, images, finished } = made;
    const [image] = finished as [ArchiveImage];
    const documents = composeManifest(image.configBytes, image.layers, "gzip");
    await watch.time("write", () => keepImage(store, image, { documents, platform: plan.platform }));
    await made.share();
    const [configDigest, manifestDigest] = [documents.config.descriptor.digest, documents.manifest.descriptor.digest];
    const ids = [{ tags: image.tags, configDigest, manifestDigest }];
    const [{ tags, layers }] = (await report.imageReports({ images, finished, ids })) as [ReportImage];
    return {
      version: 1,
      ...{ store: store.root, tags, platform: formatPlatform(plan.platform) },
      ...{ configDigest, manifestDigest, layers, sources: sourceTotals(layers) },
      size: layers.reduce((sum, { size }) => sum + size, 0),
      ...{ stages: watch.stages(), ...report.rest() },
    };
  });
}

interface KeepContext {
  readonly documents: ImageDocuments;
  readonly platform: Platform;
}

/** The tags come last: what they lead to is whole. */
async function keepImage(store: Store, { tags, layers }: ArchiveImage, { documents, platform }: KeepContext) {
  const { config, manifest } = documents;
  for (const { version, diffId, plainSize, digest, size, crc } of layers) {
    // As of a pulled image, whose layers are found by the digests in its manifest.
    if ((await findPulledLayer(store, digest)) !== undefined) continue;
    await recordPulledLayer(store, digest, { version, diffId, plainSize, digest, size, crc });
  }
  for (const { bytes } of [config, manifest]) await writeBlob(store, bytes);
  for (const reference of tags) {
    await recordReference(store, {
      ...{ version: 1, reference, platform: formatPlatform(platform) },
      ...{ manifest: manifest.descriptor, found: platform as ReferenceRecord["found"], local: true },
    });
  }
}
