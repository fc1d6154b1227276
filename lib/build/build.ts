import path from "node:path";
import type { SignatureKind } from "../../spec/mender.ts";
import type { BuildReport } from "../../spec/report.ts";
import type { AppManifest } from "../app/manifest.ts";
import { auterionMetadata } from "../app/metadata.ts";
import { outputName } from "../app/names.ts";
import { payloadFiles } from "../app/payload.ts";
import { type Archive, type ArchiveImage, composeArchive } from "../archive/compose.ts";
import { writePieces } from "../archive/pieces.ts";
import { plainArchive, spliceArchive } from "../archive/splice.ts";
import { AircrateError } from "../error.ts";
import { timestamp } from "../image/assemble.ts";
import type { SigningKey } from "../keys/private-key.ts";
import { checkLock, lockDifferences, pinsOf, shadowedPins } from "../lock/check.ts";
import { readLock } from "../lock/file.ts";
import { writeArtifact } from "../mender/write.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { makePlan, type PlanOptions } from "../plan/make.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { Store } from "../store/layout.ts";
import { shareSegments } from "../tar/shared.ts";
import { VERSION } from "../version.ts";
import { createWorkPool, type WorkPool } from "../workers/pool.ts";
import { carryOut, type ImageOptions } from "./carry-out.ts";
import { createReport } from "./report.ts";
import { createStopwatch } from "./stopwatch.ts";

export type OutputFormat = "auterionos" | "docker-archive" | "oci";

export interface BuildOptions extends PlanOptions, ImageOptions {
  /** Folder of the blob store. */
  readonly store: string;
  /** Project folder, as the user gives it. */
  readonly dir: string;
  /** File to write; default: in the project's folder `build`, named after the application and its version. */
  readonly output?: string;
  /** Default: `auterionos` for a project with an auterion-app.yml, else `docker-archive`. */
  readonly format?: OutputFormat;
  /** Leaves the version out of the default file name. */
  readonly unversionedFile?: boolean;
  /** Refuses to build when the lock file is missing or does not fit the project. */
  readonly locked?: boolean;
  /** Signs the artifact. */
  readonly key?: SigningKey;
  /** Threads to work with; the build closes them. Default: new ones. A program may start them before it loads this. */
  readonly pool?: WorkPool;
}

/**
 * The main job: makes the images of a project and writes them to one file. The file has its name only when it is whole.
 *
 * @throws AircrateError of every fault; see README, "Exit status"
 */
export async function build(options: BuildOptions): Promise<BuildReport> {
  const pool = options.pool ?? createWorkPool();
  try {
    return await buildWith(pool, options);
  } finally {
    await pool.close();
  }
}

async function buildWith(pool: WorkPool, options: BuildOptions): Promise<BuildReport> {
  const watch = createStopwatch();
  const plan = await watch.time("plan", () => makePlan(options.dir, options));
  const format = options.format ?? (plan.app === undefined ? "docker-archive" : "auterionos");
  if (format === "auterionos" && plan.app === undefined) {
    throw new AircrateError("usage", "an .auterionos file needs an auterion-app.yml", { where: options.dir });
  }
  if (format !== "auterionos" && options.key !== undefined) {
    throw new AircrateError("usage", "only an .auterionos file can be signed", { where: options.dir });
  }
  const lock = await readLock(options.dir);
  const locked = options.locked === true ? checkLock(plan, lock) : undefined;
  const report = createReport(plan);
  if (lock !== undefined) {
    for (const line of lockDifferences(plan, lock).missing) report.warn(`${line}: aircrate lock adds it`);
    for (const line of shadowedPins(plan, lock)) report.warn(`${line}: aircrate image rm makes the lock count`);
  }
  const pins = pinsOf(plan, lock);
  return carryOut(plan, { ...options, pool, report, watch, pins, locked }, async ({ store, images, finished }) => {
    const { epoch = 0, key, signal } = options;
    const target = { file: options.output ?? defaultOutput(plan, format, options), format };
    const written = await watch.time("write", () => write(target, finished, { plan, store, pool, epoch, key, signal }));
    return report.finish({ ...target, ...written, images, finished, stages: watch.stages() });
  });
}

interface WriteContext {
  readonly plan: BuildPlan;
  readonly store: Store;
  readonly pool: WorkPool;
  readonly epoch: number;
  readonly key: SigningKey | undefined;
  readonly signal: AbortSignal | undefined;
}

interface Written {
  readonly archive: Archive;
  readonly size: number;
  readonly payload: BuildReport["payload"];
  readonly signature?: SignatureKind;
}

async function write(
  { file, format }: { file: string; format: OutputFormat },
  images: readonly ArchiveImage[],
  { plan, store, pool, epoch, key, signal }: WriteContext,
): Promise<Written> {
  if (format === "auterionos") {
    const archive = composeArchive(images, "docker-archive", "plain");
    const app = plan.app!;
    const payload = (await payloadFiles(app, { epoch })).map((entry) => ({
      name: entry.name,
      pieces: "image" in entry ? spliceArchive(archive) : [{ bytes: entry.bytes }],
    }));
    const written = await writeArtifact(file, store, {
      header: artifactHeader(app, epoch),
      payload,
      digest: (segments) => pool.run({ kind: "digest", stream: shareSegments(segments) }),
      key,
      signal,
    });
    const signature = key === undefined ? {} : { signature: key.kind };
    return { archive, size: written.size, payload: [...written.payload], ...signature };
  }
  const archive = composeArchive(images, format, "gzip");
  const size = await writeOutput(file, async (handle) => {
    const writer = createPositionalWriter(handle, 0);
    await writePieces(store, plainArchive(archive), { write: (bytes) => writer.write(bytes), signal });
    await writer.flush();
    return (await handle.stat()).size;
  });
  return { archive, size, payload: [] };
}

/** Names as Auterion's own tool gives them: the update module on the device goes by them. */
function artifactHeader(app: AppManifest, epoch: number) {
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

function defaultOutput(plan: BuildPlan, format: OutputFormat, { unversionedFile }: BuildOptions): string {
  const folder = path.join(plan.name, "build");
  const { app } = plan;
  const named =
    app === undefined ? path.basename(plan.directory) : outputName(app, { unversioned: unversionedFile === true });
  if (format === "auterionos") return path.join(folder, named);
  return path.join(folder, `${named.replace(/\.auterionos$/, "")}${format === "oci" ? ".oci" : ""}.tar`);
}
