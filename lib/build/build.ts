import path from "node:path";
import type { BuildReport } from "../../spec/report.ts";
import { outputName } from "../app/names.ts";
import { type ArchiveImage, composeArchive } from "../archive/compose.ts";
import type { ImageGzip } from "../archive/image-gzip.ts";
import { writeArchiveFile } from "../archive/write.ts";
import { AircrateError } from "../error.ts";
import type { OutlineOptions } from "../image/outline.ts";
import type { SigningKey } from "../keys/private-key.ts";
import { checkLock, commandFor, lockDifferences, pinsOf, shadowedPins } from "../lock/check.ts";
import { readLock } from "../lock/file.ts";
import { makePlan, type PlanOptions } from "../plan/make.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { createWorkPool, type WorkPool } from "../workers/pool.ts";
import { type WriteContext, type Written, writeApplication } from "./application.ts";
import { carryOut, type ImageOptions } from "./carry-out.ts";
import { createReport } from "./report.ts";
import { createStopwatch } from "./stopwatch.ts";
import type { Device, ThinOptions } from "./thin.ts";

export type OutputFormat = "auterionos" | "docker-archive" | "oci";

export interface BuildOptions extends PlanOptions, ImageOptions, ThinOptions {
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
  /** Form of the packed archive in an .auterionos file; default `members`. */
  readonly imageGzip?: ImageGzip;
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
  if (isThin(options) && format !== "auterionos") {
    throw new AircrateError("usage", "only .auterionos files can be thin", {
      where: options.dir,
      hint: `leave --thin and --since with --format ${format}`,
    });
  }
  if (format !== "auterionos" && options.key !== undefined) {
    throw new AircrateError("usage", "only an .auterionos file can be signed", { where: options.dir });
  }
  const imageGzip = options.imageGzip ?? "members";
  if (format !== "auterionos" && imageGzip === "single") {
    throw new AircrateError("usage", "only an .auterionos file has its images packed", { where: options.dir });
  }
  const lock = await readLock(options.dir);
  const locked = options.locked === true ? checkLock(plan, lock) : undefined;
  const report = createReport(plan);
  if (lock !== undefined) {
    for (const line of lockDifferences(plan, lock).missing) report.warn(`${line}: ${commandFor(plan)} adds it`);
    for (const line of shadowedPins(plan, lock)) report.warn(`${line}: aircrate image rm makes the lock count`);
  }
  const pins = pinsOf(plan, lock);
  let device: Device | undefined;
  const prepare = async (outline: OutlineOptions) => {
    if (!isThin(options)) return;
    const { readDevice } = await import("./thin.ts");
    const read = () => readDevice(plan.app!, options, { ...outline, locked: locked !== undefined });
    device = await watch.time("read what the device has", read);
  };
  const how = { ...options, pool, report, watch, pins, locked, prepare };
  return carryOut(plan, how, async ({ store, images, finished, share }) => {
    const { epoch = 0, key, signal, onEvent } = options;
    const target = { file: options.output ?? defaultOutput(plan, format, options), format };
    const written = await watch.time("write", () =>
      write(target, finished, { plan, store, pool, epoch, imageGzip, device, key, signal, onEvent }),
    );
    await share();
    return report.finish({ ...target, ...written, images, finished, stages: watch.stages() });
  });
}

async function write(
  { file, format }: { file: string; format: OutputFormat },
  images: readonly ArchiveImage[],
  context: WriteContext & { readonly plan: BuildPlan },
): Promise<Written> {
  if (format === "auterionos") return writeApplication(file, images, { ...context, app: context.plan.app! });
  const { store, signal, onEvent } = context;
  const archive = composeArchive(images, format, "gzip");
  return { archive, size: await writeArchiveFile(store, archive, file, { signal, onEvent }), payload: [] };
}

function isThin({ thin, since = [] }: BuildOptions): boolean {
  return thin === true || since.length > 0;
}

function defaultOutput(plan: BuildPlan, format: OutputFormat, options: BuildOptions): string {
  const folder = path.join(plan.name, "build");
  const { app } = plan;
  const named =
    app === undefined
      ? path.basename(plan.directory)
      : outputName(app, { unversioned: options.unversionedFile === true });
  if (format === "auterionos") {
    return path.join(folder, isThin(options) ? named.replace(/\.auterionos$/, "-thin.auterionos") : named);
  }
  return path.join(folder, `${named.replace(/\.auterionos$/, "")}${format === "oci" ? ".oci" : ""}.tar`);
}
