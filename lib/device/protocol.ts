/**
 * The numbers and words of the HTTP interface of AuterionOS, all as Auterion's own command-line tool (`auterion-cli`
 * on PyPI) uses them. It is plain http: the one place where this program speaks that to a host beyond loopback.
 */

/** Where a device is looked for: on itself, by USB, by Ethernet, and a virtual Skynode. */
export const DEFAULT_ADDRESSES: readonly string[] = ["127.0.0.1", "10.41.1.1", "10.41.2.1", "10.41.200.2"];

export const UPDATER = "/api/local-updater";
export const SYSINFO = "/api/sysinfo/v1.0";
export const APPS = "/api/apps/v1.0";

/** The version of an updater that does not tell one (404). */
export const OLDEST_UPDATER = "v1.0";

/** Milliseconds for the answer that tells the updater's version. */
export const VERSION_MS = 5000;
/** Milliseconds between two readings of the status, and for each to be answered. */
export const POLL_MS = 1000;
export const STATUS_MS = 1000;
/** After more failed readings in a row than these, the device is taken to start anew. */
export const FAILED_READS = 5;
/** Seconds that an installation may take, when nothing else is said. */
export const INSTALL_LIMIT_S = 1800;

/** Cookie of a login that has to come back in the header {@link CSRF_HEADER}. */
export const CSRF_COOKIE = "csrf_access_token";
export const CSRF_HEADER = "x-csrf-token";

/** The status that a device has while it starts anew; also what is assumed when it does not answer. */
export const REBOOTING = "REBOOTING";

/** The device has to be switched off and on, which nobody but the user can do. */
export const NEED_POWER_CYCLE = "NEED_POWER_CYCLE";

export const SUCCEEDED: readonly string[] = ["SUCCEED", "APP_INSTALL_SUCCEED", NEED_POWER_CYCLE];

/**
 * Words for installations that came to a bad end, with what they say and its kind of fault. Any word that is neither here
 * nor in {@link SUCCEEDED} is taken for one of a device that is at work.
 */
export const FAILED: Readonly<Record<string, readonly [fault: "device" | "integrity", what: string]>> = {
  FAILED: ["device", "the installation failed"],
  APP_INSTALL_FAILED: ["device", "the installation of the application failed"],
  FMU_UPDATE_FAILED: ["device", "the update of the flight controller failed"],
  CANCELLED: ["device", "the installation was cancelled on the device"],
  INVALID_ARTIFACT: ["integrity", "the device says that the file is no valid artifact"],
};

/** What can be done to an application, by a POST. */
export const APP_ACTIONS = ["start", "stop", "restart", "enable", "disable", "remove"] as const;
export type AppAction = (typeof APP_ACTIONS)[number];

/** Not of the interface: milliseconds without a byte taken after which an upload is given up. */
export const STALL_MS = 60_000;
/** Not of the interface: milliseconds for the answer to a ping, and for all other small answers. */
export const PING_MS = 3000;
export const ANSWER_MS = 30_000;
/** Not of the interface: most bytes of an answer that is read. */
export const ANSWER_LIMIT = 4 * 1024 * 1024;
