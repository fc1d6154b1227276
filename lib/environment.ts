import { homedir } from "node:os";
import path from "node:path";
import type { CredentialPlaces } from "./credentials/credentials.ts";
import { AircrateError } from "./error.ts";

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Folder of the blob store: `AIRCRATE_STORE`, else the platform's cache folder. */
export function storeFolder(env: Environment): string {
  if (env.AIRCRATE_STORE) return env.AIRCRATE_STORE;
  if (process.platform === "darwin") return path.join(homedir(), "Library", "Caches", "aircrate");
  if (process.platform === "win32" && env.LOCALAPPDATA) return path.join(env.LOCALAPPDATA, "aircrate", "Cache");
  return path.join(baseFolder(env.XDG_CACHE_HOME, ".cache"), "aircrate");
}

/** The user's own file about registries. */
export function registriesFile(env: Environment): string {
  return path.join(configFolder(env), "aircrate", "registries.yml");
}

/** Folder of the user's settings of all programs. */
export function configFolder(env: Environment): string {
  return baseFolder(env.XDG_CONFIG_HOME, ".config");
}

/** XDG Base Directory Specification: a relative path in the variable does not count. */
function baseFolder(folder: string | undefined, standard: string): string {
  return folder !== undefined && path.isAbsolute(folder) ? folder : path.join(homedir(), standard);
}

/** The last second that a tar header can tell (11 octal digits). */
export const LAST_EPOCH = 0o77777777777;

/** `SOURCE_DATE_EPOCH` (reproducible-builds.org specification), seconds since 1970. @throws AircrateError usage */
export function sourceDateEpoch(env: Environment): number {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return 0;
  const epoch = /^\d{1,11}$/.test(text) ? Number(text) : Number.NaN;
  if (epoch <= LAST_EPOCH) return epoch;
  throw new AircrateError("usage", "SOURCE_DATE_EPOCH is not a number of seconds since 1970", {
    hint: "for the time of the last commit: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)",
  });
}

export function credentialPlaces(env: Environment): CredentialPlaces {
  return {
    home: homedir(),
    dockerConfig: env.DOCKER_CONFIG,
    registryAuthFile: env.REGISTRY_AUTH_FILE,
    runtimeDir: env.XDG_RUNTIME_DIR,
    configHome: env.XDG_CONFIG_HOME,
    uid: process.platform === "linux" ? process.getuid?.() : undefined,
    environment: env,
  };
}
