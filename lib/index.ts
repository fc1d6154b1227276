/**
 * Aircrate as a library: what the commands do, without a command line. Nothing is loaded before it is called, nothing is
 * printed, the process is never ended, and its signal handlers and flags are left alone. Functions throw
 * {@link AircrateError} for all that can be foreseen, and the reason of a signal that stopped them.
 *
 * What is not exported here may change with any version.
 */

export type { CheckFinding, CheckReport } from "../spec/check.ts";
export type { InstallReport } from "../spec/device-reports.ts";
export type { DiffReport } from "../spec/diff.ts";
export type { Finding, Inspection } from "../spec/inspection.ts";
export type { LocalBuildReport, PullReport } from "../spec/local-reports.ts";
export type { LockReport, VendorReport } from "../spec/lock-report.ts";
export type { PlanDocument } from "../spec/plan.ts";
export type { PushReport } from "../spec/push-report.ts";
export type { BuildReport, ReportImage, ReportLayer } from "../spec/report.ts";
export type { ImportReport, PruneReport } from "../spec/store-reports.ts";
export type { ThickenReport } from "../spec/thicken-report.ts";
export { type InstallOptions, install } from "./api/device.ts";
export {
  type DiffOptions,
  diff,
  type ExportOptions,
  exportImages,
  type InspectOptions,
  inspect,
  type SignOptions,
  type SignReport,
  sign,
  type ThickenOptions,
  thicken,
  type VerifyOptions,
  type VerifyReport,
  verify,
} from "./api/files.ts";
export {
  type BuildImageOptions,
  buildImage,
  type ImportOptions,
  importFiles,
  type PruneOptions,
  type PullOptions,
  type PushOptions,
  prune,
  pull,
  push,
  type SaveOptions,
  save,
} from "./api/images.ts";
export type { PrivateKey } from "./api/keys.ts";
export {
  type BuildOptions,
  build,
  type CheckOptions,
  check,
  type LockOptions,
  lock,
  type PlanOptions,
  plan,
  type VendorOptions,
  vendor,
} from "./api/project.ts";
export type { InstallEvent } from "./device/install.ts";
export { AircrateError, type ErrorDetail, EXIT_STATUS, type Fault, type Problem } from "./error.ts";
export type { BuildEvent } from "./events.ts";
export { VERSION } from "./version.ts";
