import { stat } from "node:fs/promises";
import path from "node:path";
import { type AircrateConfig, type LocalImage, readAircrateYml, type TreeSource } from "../app/aircrate-yml.ts";
import type { BuildSource } from "../app/build-source.ts";
import { exists } from "../app/files.ts";
import { readLegacyApp } from "../app/legacy.ts";
import { type AppManifest, readAppManifest } from "../app/manifest.ts";
import { APP_YML_NAME, MANIFEST_NAME } from "../app/open-manifest.ts";
import { copiedImages } from "../dockerfile/graph.ts";
import { parseDockerfile } from "../dockerfile/parse.ts";
import { AircrateError, problemLine } from "../error.ts";
import { ARM64, formatPlatform, type Platform, parsePlatform } from "../platform.ts";
import { formatReference, parseReference } from "../reference.ts";
import { readOnlyStore } from "../store/layout.ts";
import { findReference } from "../store/records.ts";
import { readDockerfile } from "./dockerfile.ts";
import type { BuildPlan, Origin, PlannedImage, PlannedOutput, Recipe } from "./plan.ts";

export interface PlanOptions {
  /** Builds for the simulation, linux/amd64, whatever the manifest targets. */
  readonly simulation?: boolean;
  /** Version instead of the manifest's. */
  readonly appVersion?: string;
  /** Folder of the blob store, where local images are looked for; without it there are none. */
  readonly store?: string;
  /** Takes what is wrong with one file or image, and the plan goes on without it. Default: the first fault is thrown. */
  readonly onFault?: (fault: AircrateError) => void;
}

/**
 * Reads a project: `auterion-app.yml`, `aircrate.yml` and the Dockerfiles they name. Asks no registry.
 *
 * @param dir project folder, as the user gives it
 * @throws AircrateError input, unreachable (no such folder)
 */
export async function makePlan(dir: string, options: PlanOptions = {}): Promise<BuildPlan> {
  await checkFolder(dir);
  const attempt = attempts(options.onFault);
  const config = await attempt(() => readAircrateYml(dir), NO_CONFIG);
  const current = await exists(path.join(dir, MANIFEST_NAME));
  if (!current && config?.app === undefined) {
    if (config === undefined) throw await nothingToBuild(dir);
    return config === NO_CONFIG ? planLocals(dir, config, options) : planImages(dir, config, options);
  }
  const both = current ? config?.app : undefined;
  if (both !== undefined) {
    const fault = new AircrateError("input", "`app` is for projects without auterion-app.yml, and there is one", {
      where: both.where,
      hint: "take it out: auterion-app.yml says what the application is",
    });
    await attempt(() => Promise.reject(fault), undefined);
  }
  const read = () => (current ? readAppManifest(dir, options) : readLegacyApp(dir, config!, options));
  const app = await attempt(read, undefined);
  if (app === undefined) return planLocals(dir, config ?? NO_CONFIG, options);
  const planner = createPlanner(dir, { platform: parsePlatform(app.platform), config, store: options.store });
  const outputs: PlannedOutput[] = [];
  for (const service of app.services) {
    const { name, where, source, imageName, local: localName = name } = service;
    const local = config?.images.get(localName);
    const plan = async () =>
      local !== undefined
        ? planner.local(local)
        : source.kind === "build"
          ? planner.dockerfile(name, where, source)
          : planner.pull(source.reference, where);
    const image = await attempt(plan, undefined);
    if (image === undefined) continue;
    outputs.push({ service: name, image, tags: [formatReference(parseReference(imageName, where))] });
  }
  return planner.finish({ app, outputs: builtFirst(outputs, app), warnings: app.warnings.map(problemLine) });
}

/** Instead of an aircrate.yml that is wrong. */
const NO_CONFIG: AircrateConfig = { file: "", images: new Map(), registries: new Map() };

/** Does a step of planning: what is wrong there goes to whoever collects it, and `instead` takes the place of the result. */
function attempts(onFault: PlanOptions["onFault"]) {
  return async <T, I>(step: () => Promise<T>, instead: I): Promise<T | I> => {
    try {
      return await step();
    } catch (error) {
      if (onFault === undefined || !(error instanceof AircrateError)) throw error;
      onFault(error);
      return instead;
    }
  };
}

/** Built services come first, then the prebuilt ones, each in the order of the manifest, as in Auterion's own tool. */
function builtFirst(outputs: readonly PlannedOutput[], app: AppManifest): PlannedOutput[] {
  const built = new Set(app.services.filter(({ source }) => source.kind === "build").map(({ name }) => name));
  return [
    ...outputs.filter(({ service }) => built.has(service!)),
    ...outputs.filter(({ service }) => !built.has(service!)),
  ];
}

/** A project without application: every image that no other one is built on or copies from. */
async function planImages(dir: string, config: AircrateConfig, options: PlanOptions): Promise<BuildPlan> {
  if (options.appVersion !== undefined) {
    throw new AircrateError("usage", "--app-version is for projects with auterion-app.yml", { where: dir });
  }
  if (config.images.size === 0) throw await nothingToBuild(dir);
  const plan = await planLocals(dir, config, options);
  const bases = new Set(plan.images.flatMap(({ recipe }) => usedBy(recipe)));
  const outputs = plan.images
    .filter(({ name }) => config.images.has(name) && !bases.has(name))
    .map(({ name }) => ({ image: name, tags: [`docker.io/library/${name}:${config.tag ?? "latest"}`] }));
  return { ...plan, outputs };
}

/** The images of `aircrate.yml`, with nothing that they are for. */
async function planLocals(dir: string, config: AircrateConfig, options: PlanOptions): Promise<BuildPlan> {
  const platform: Platform = options.simulation === true ? { os: "linux", architecture: "amd64" } : ARM64;
  const planner = createPlanner(dir, { platform, config, store: options.store });
  const attempt = attempts(options.onFault);
  for (const image of config.images.values()) await attempt(() => planner.local(image), undefined);
  return planner.finish({ outputs: [], warnings: [] });
}

/** The images that one is built on or copies from. */
function usedBy(recipe: Recipe): string[] {
  if (recipe.kind === "pull") return [];
  const origins = recipe.kind === "dockerfile" ? [...recipe.origins.values()] : [recipe.from];
  return [...origins.flatMap((origin) => (origin.kind === "image" ? [origin.name] : [])), ...recipe.sources.values()];
}

export interface PlannerOptions extends Pick<PlanOptions, "store"> {
  readonly platform: Platform;
  readonly config?: AircrateConfig | undefined;
}

/** Collects the images of a plan with all that they are built on. @param dir as the user gives it */
export function createPlanner(dir: string, { platform, config, store }: PlannerOptions) {
  const directory = path.resolve(dir);
  const images = new Map<string, PlannedImage>();
  /** Local images whose base is being planned: meeting one again is a circle. */
  const open: string[] = [];
  const warnings: string[] = [];

  function add(name: string, where: string, recipe: Recipe): string {
    images.set(name, { name, where, recipe });
    return name;
  }

  async function pull(text: string, where: string): Promise<string> {
    const reference = parseReference(text, where);
    const name = formatReference(reference);
    if (images.has(name)) return name;
    return add(name, where, { kind: "pull", reference, ...((await isLocal(name)) && { local: true }) });
  }

  async function isLocal(name: string): Promise<boolean> {
    if (store === undefined) return false;
    const known = await findReference(readOnlyStore(store), name, formatPlatform(platform));
    return known?.local === true;
  }

  async function origin(text: string, where: string): Promise<Origin> {
    return text === "scratch" ? { kind: "scratch" } : { kind: "image", name: await image(text, where) };
  }

  /** The image that a name stands for: one of the project, one with a local tag or one that is pulled. */
  async function image(text: string, where: string): Promise<string> {
    const local = config?.images.get(text);
    return local === undefined ? pull(text, where) : planLocal(local);
  }

  async function planLocal(local: LocalImage): Promise<string> {
    const { name, where } = local;
    if (images.has(name)) return name;
    if (open.includes(name)) {
      throw new AircrateError("input", `the image ${name} is built on itself`, {
        where,
        reason: [...open.slice(open.indexOf(name)), name].join(" -> "),
      });
    }
    open.push(name);
    try {
      if (local.kind === "build") await planDockerfile(name, where, local);
      else await planTree(name, where, local);
    } finally {
      open.pop();
    }
    return name;
  }

  async function planTree(name: string, where: string, tree: TreeSource): Promise<void> {
    const from = await origin(tree.from, where);
    const sources = new Map<string, string>();
    for (const { source, where } of tree.layers.flatMap(({ copies }) => copies)) {
      if (source.kind === "image") sources.set(source.image, await image(source.image, where));
    }
    add(name, where, { kind: "tree", from, tree, sources });
  }

  async function planDockerfile(name: string, where: string, source: BuildSource): Promise<string> {
    const file = shown(source.dockerfile);
    const text = await readDockerfile(source.dockerfile, file, where);
    const { context, args, target } = source;
    const dockerfile = parseDockerfile(text, { file, platform, args, ...(target !== undefined && { target }) });
    warnings.push(...dockerfile.warnings.map((warning) => `${warning.where}: ${warning.message}`));
    const origins = new Map<number, Origin>();
    const sources = new Map<string, string>();
    for (const stage of dockerfile.needed) {
      const { from } = stage;
      if (from.kind === "scratch") origins.set(stage.index, from);
      else if (from.kind === "image") origins.set(stage.index, await origin(from.reference, stage.where));
      for (const copied of copiedImages(stage))
        sources.set(copied.reference, await image(copied.reference, copied.where));
    }
    const contextName = shown(context);
    return add(name, where, {
      kind: "dockerfile",
      dockerfile,
      from: origins.get(dockerfile.chain[0].index)!,
      origins,
      sources,
      dockerfilePath: source.dockerfile,
      context,
      contextName,
    });
  }

  /** A path inside the project as the user would type it. */
  function shown(absolute: string): string {
    return path.join(dir, path.relative(directory, absolute)) || ".";
  }

  return {
    pull,
    local: planLocal,
    dockerfile: planDockerfile,
    finish: (rest: Pick<BuildPlan, "app" | "outputs" | "warnings">): BuildPlan => ({
      ...rest,
      directory,
      name: dir,
      platform,
      images: [...images.values()],
      registries: config?.registries ?? new Map(),
      ...(config?.cache !== undefined && { cache: config.cache }),
      warnings: [...rest.warnings, ...warnings],
    }),
  };
}

/** @throws AircrateError unreachable */
export async function checkFolder(
  dir: string,
  hint = "name the folder that holds auterion-app.yml or aircrate.yml",
): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  throw new AircrateError("unreachable", found === undefined ? "there is no such folder" : "that is not a folder", {
    where: dir,
    hint,
  });
}

async function nothingToBuild(dir: string): Promise<AircrateError> {
  const older = await exists(path.join(dir, APP_YML_NAME));
  return new AircrateError("input", "there is nothing to build", {
    where: dir,
    reason: [
      "the folder has neither an auterion-app.yml nor an aircrate.yml with images",
      ...(older ? ["its app.yml does not say what the application is"] : []),
    ],
    hint: older
      ? "say it below `app` in aircrate.yml: name, version and target; or write an auterion-app.yml"
      : 'begin with "aircrate init"; examples/photo-gallery shows both files',
  });
}
