/**
 * The traps of the field that `aircrate check` knows, each with a number that stays. README, "Checking", tells of each
 * what it is about; messages and hints tell what to do.
 */
export const TRAPS = {
  AC001: "API version 7, which AuterionOS 4.1 is reported to refuse",
  AC002: "`target-platform: skynode-s` as a text, which is reported to fail",
  AC003: "a number or a truth value where a text is meant",
  AC004: "an app-version that is no legal tag of an image",
  AC005: "targets of several architectures in one package",
  AC006: "an `auterion-app-base` that no image is built on",
  AC007: "an image on another base than `auterion-app-base` says",
  AC008: "an override of an unknown service",
  AC009: "a log without limit",
  AC010: "a static-root outside /data",
  AC011: "a message path without messages",
  AC012: "a lock file that does not fit the project",
  AC013: "a key that is not known",
} as const;
export type TrapCode = keyof typeof TRAPS;
