import path from "node:path";
import type { BuildReport } from "../../spec/report.ts";
import { outputName } from "../app/names.ts";
import { type ArchiveImage, composeArchive } from "../archive/compose.ts";
import type { ImageGzip } from "../archive/image-gzip.ts";
import { writePieces } from "../archive/pieces.ts";
import { plainArchive } from "../archive/splice.ts";
import { AircrateError } from "../error.ts";
import type { OnEvent } from "../events.ts";
import { finishImage, type Image } from "../image/image.ts";
import { createPull, MAX_LAYER_SIZE } from "../image/pull.ts";
import { isImageStored } from "../image/stored.ts";
import { createTake } from "../image/take.ts";
import type { SigningKey } from "../keys/private-key.ts";
import { createLayerBuilder } from "../layer/builder.ts";
import { checkLock, lockDifferences, pinsOf, requireLocked } from "../lock/check.ts";
import { readLock } from "../lock/file.ts";
import { createPositionalWriter, writeOutput } from "../output.ts";
import { makePlan, type PlanOptions } from "../plan/make.ts";
import type { BuildPlan } from "../plan/plan.ts";
import type { Reference } from "../reference.ts";
import { createRemoteFiles } from "../remote/files.ts";
import { openSession, type SessionOptions } from "../session.ts";
import { createScratch } from "../store/scratch.ts";
import { createWorkPool, type WorkPool } from "../workers/pool.ts";
import { type WriteContext, type Written, writeApplication } from "./application.ts";
import { requireDepth } from "./depth.ts";
import { startImages } from "./images.ts";
import { throwMissing, tryFiles } from "./missing.ts";
import { createOpeners } from "./openers.ts";
import { createReport } from "./report.ts";
import { createStopwatch } from "./stopwatch.ts";
import type { ThinOptions } from "./thin.ts";

export type OutputFormat = "auterionos" | "docker-archive" | "oci";

export interface BuildOptions extends PlanOptions, SessionOptions, ThinOptions {
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
  /** `auto` parts each layer that is built into dependencies and application; default `none`. */
  readonly split?: "none" | "auto";
  /** Seconds since 1970 for every time in the output; default 0. */
  readonly epoch?: number;
  /** Form of the packed archive in an .auterionos file; default `members`. */
  readonly imageGzip?: ImageGzip;
  /** Signs the artifact. */
  readonly key?: SigningKey;
  /** Largest plain size of a pulled layer, in bytes; default 64 GiB. */
  readonly maxLayerSize?: number;
  /** Threads to work with; the build closes them. Default: new ones. A program may start them before it loads this. */
  readonly pool?: WorkPool;
  readonly onEvent?: OnEvent;
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
  const epoch = options.epoch ?? 0;
  const session = await openSession(options, plan.registries);
  const { store, client, vendor } = session;
  if (plan.images.some(({ recipe }) => recipe.kind !== "pull")) pool.warm();
  const scratch = createScratch(store);
  const ending = new AbortController();
  const maxSize = options.maxLayerSize ?? MAX_LAYER_SIZE;
  const report = createReport(plan);
  const onEvent: OnEvent = (event) => {
    report.event(event);
    options.onEvent?.(event);
  };
  const network = { ...session.network, signal: ending.signal };
  const offline = options.offline === true;
  const remote = createRemoteFiles(store, pool, { ...network, vendor, offline, maxSize, onEvent });
  const stop = () => {
    ending.abort();
    void pool.close();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    if (lock !== undefined) {
      for (const line of lockDifferences(plan, lock).missing) report.warn(`${line}: aircrate lock adds it`);
    }
    const { platform } = plan;
    const pins = pinsOf(plan, lock);
    const outline = { store, client, vendor, platform, pins, offline, onEvent };
    const pull = createPull({
      ...{ ...outline, pool },
      signal: ending.signal,
      ...(options.maxLayerSize !== undefined && { maxLayerSize: options.maxLayerSize }),
    });
    const isStored = (reference: Reference) => isImageStored(store, reference, { platform, pins });
    const buildLayer = createLayerBuilder(store, pool);
    const take = createTake(store, pool, scratch);
    const open = createOpeners({
      ...{ pool, scratch, maxSize },
      async remote(url, checksum, where) {
        if (locked !== undefined) requireLocked(plan, locked, { checksum, where });
        return remote.fetch(url, { checksum, where });
      },
    });
    const files = offline ? tryFiles(plan, remote) : undefined;
    const started = startImages(plan, {
      buildLayer,
      take,
      open,
      epoch,
      split: options.split === "auto",
      pull,
      isStored,
      warn: report.warn,
    });
    const device = isThin(options)
      ? await watch.time("read what the device has", async () => {
          const { readDevice } = await import("./thin.ts");
          return readDevice(plan.app!, options, { ...outline, locked: locked !== undefined });
        })
      : undefined;
    const images = await watch.time("resolve and assemble", () => collect(plan, started, files));
    const finished = await watch.time("pull and pack", () => finish(plan, images));
    const target = { file: options.output ?? defaultOutput(plan, format, options), format };
    const written = await watch.time("write", () =>
      write(target, finished, {
        plan,
        store,
        pool,
        epoch,
        device,
        imageGzip,
        key: options.key,
        signal: options.signal,
      }),
    );
    return await report.finish({ ...target, ...written, images, finished, stages: watch.stages() });
  } catch (error) {
    // What was cut short by the abort fails in many ways; the abort is the reason.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
    // What is still under way when a build fails must not be tried again.
    ending.abort();
    await scratch.clean();
    await Promise.all([remote.close(), session.close()]);
  }
}

/**
 * Waits for the images that go into the output, the first failure in the order of the plan first.
 *
 * @param files offline: with them, what the store lacks is told of all images and files at once
 */
async function collect(
  plan: BuildPlan,
  started: ReadonlyMap<string, Promise<Image>>,
  files: Promise<readonly PromiseSettledResult<unknown>[]> | undefined,
): Promise<ReadonlyMap<string, Image>> {
  const images = new Map<string, Image>();
  if (files !== undefined) throwMissing([...(await Promise.allSettled(started.values())), ...(await files)]);
  for (const [name, image] of started) images.set(name, await image);
  for (const { image } of plan.outputs) requireDepth(plan, image, images);
  return new Map(plan.outputs.map(({ image }) => [image, images.get(image)!]));
}

async function finish(plan: BuildPlan, images: ReadonlyMap<string, Image>): Promise<ArchiveImage[]> {
  const finished: ArchiveImage[] = [];
  for (const { image, tags } of plan.outputs) finished.push({ tags, ...(await finishImage(images.get(image)!)) });
  return finished;
}

async function write(
  { file, format }: { file: string; format: OutputFormat },
  images: readonly ArchiveImage[],
  context: WriteContext & { readonly plan: BuildPlan },
): Promise<Written> {
  if (format === "auterionos") return writeApplication(file, images, { ...context, app: context.plan.app! });
  const { store, signal } = context;
  const archive = composeArchive(images, format, "gzip");
  const size = await writeOutput(file, async (handle) => {
    const writer = createPositionalWriter(handle, 0);
    await writePieces(store, plainArchive(archive), { write: (bytes) => writer.write(bytes), signal });
    await writer.flush();
    return (await handle.stat()).size;
  });
  return { archive, size, payload: [] };
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
