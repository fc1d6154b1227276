import type { CheckReport } from "../../spec/check.ts";
import type { LockReport, VendorReport } from "../../spec/lock-report.ts";
import type { PlanDocument } from "../../spec/plan.ts";
import type { BuildReport } from "../../spec/report.ts";
import { abortable } from "../abort.ts";
import type { ImageGzip } from "../archive/image-gzip.ts";
import type { OutputFormat } from "../build/build.ts";
import { openKey, type PrivateKey } from "./keys.ts";
import {
  type AccessSettings,
  environmentOf,
  imageOptions,
  type MakingSettings,
  type StoreSettings,
  sessionOptions,
  storeOf,
} from "./settings.ts";

export interface PlanOptions extends StoreSettings {
  /** For the simulation, linux/amd64, whatever the manifest targets. */
  readonly simulation?: boolean;
  /** Version instead of the manifest's. */
  readonly appVersion?: string;
}

export interface CheckOptions extends PlanOptions {
  /** Counts warnings as problems. */
  readonly strict?: boolean;
}

export interface BuildOptions extends MakingSettings, PlanOptions {
  /** File to write; default: in the project's folder `build`, named after the application and its version. */
  readonly output?: string;
  /** Default: `auterionos` for a project with an application, else `docker-archive`. */
  readonly format?: OutputFormat;
  /** Leaves the version out of the default file name. */
  readonly unversionedFile?: boolean;
  /** Refuses to build when `aircrate.lock` is missing or does not fit the project. */
  readonly locked?: boolean;
  /** Builds only what {@link check} finds nothing wrong with when it is strict. */
  readonly strict?: boolean;
  /** Packs the images as a row of gzip members, the default, or as one for devices that read no further. */
  readonly imageGzip?: ImageGzip;
  /** Leaves out the layers of the `auterion-app-base`, which the device has. */
  readonly thin?: boolean;
  /** Packages of earlier versions: leaves out what all of them put on the device, and goes onto these versions only. */
  readonly since?: readonly string[];
  /** Signs the artifact. */
  readonly key?: PrivateKey;
}

export interface LockOptions extends AccessSettings {
  /** Locks for the simulation, linux/amd64, too. */
  readonly simulation?: boolean;
  /** References that are asked for anew; none in the list means all. */
  readonly update?: readonly string[];
}

export interface VendorOptions extends AccessSettings {
  /** File or folder to write; default: `build/bases.tar` in the project's folder. */
  readonly output?: string;
  /** Default: `dir` when `output` ends in a slash or is a folder, else `tar`. */
  readonly format?: "tar" | "dir";
}

/**
 * Builds a project into one file, which has its name only when it is whole.
 *
 * @param dir folder with auterion-app.yml or aircrate.yml
 * @throws AircrateError of every fault
 */
export function build(dir: string, options: BuildOptions = {}): Promise<BuildReport> {
  return abortable(options.signal, async () => {
    const { key: source, cache: _, ...settings } = options;
    if (options.strict === true) {
      const { requireClean } = await import("../check/strict.ts");
      await requireClean(dir, { ...settings, store: storeOf(options) });
    }
    const opened = source === undefined ? undefined : await openKey(source);
    const { build } = await import("../build/build.ts");
    const report = await build({
      ...{ ...settings, ...(await imageOptions(options)), dir },
      ...(opened && { key: opened.key }),
    });
    return { ...report, warnings: [...(opened?.warnings ?? []), ...report.warnings] };
  });
}

/** Tells what {@link build} would build from what. Asks no registry. @throws AircrateError input, unreachable, usage */
export function plan(dir: string, options: PlanOptions = {}): Promise<PlanDocument> {
  return abortable(options.signal, async () => {
    const { makePlan } = await import("../plan/make.ts");
    const { planDocument } = await import("../plan/document.ts");
    const { readRegistriesFile } = await import("../app/registries.ts");
    const { registriesFile } = await import("../environment.ts");
    options.signal?.throwIfAborted();
    const made = await makePlan(dir, { ...options, store: storeOf(options) });
    return planDocument(made, await readRegistriesFile(registriesFile(environmentOf(options))));
  });
}

/**
 * Finds what is wrong with a project, and the traps of the field. What is wrong stands in the report and is not thrown.
 *
 * @throws AircrateError unreachable: no such folder; input: there is nothing to build
 */
export function check(dir: string, options: CheckOptions = {}): Promise<CheckReport> {
  return abortable(options.signal, async () => {
    const { checkProject } = await import("../check/check.ts");
    return checkProject(dir, { ...options, store: storeOf(options) });
  });
}

/** Brings `aircrate.lock` of a project up to date. @throws AircrateError of every fault */
export function lock(dir: string, options: LockOptions = {}): Promise<LockReport> {
  return abortable(options.signal, async () => {
    const { lockProject } = await import("../lock/lock.ts");
    return lockProject({ ...options, ...(await sessionOptions(options)), dir });
  });
}

/**
 * Writes all that `aircrate.lock` names into one file or folder, for machines without a network.
 *
 * @throws AircrateError of every fault; refused when there is no lock that fits the project
 */
export function vendor(dir: string, options: VendorOptions = {}): Promise<VendorReport> {
  return abortable(options.signal, async () => {
    const { vendorProject } = await import("../vendor/vendor.ts");
    return vendorProject({ ...options, ...(await sessionOptions(options)), dir });
  });
}
