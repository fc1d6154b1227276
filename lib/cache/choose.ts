import type { CacheMode } from "../../spec/layer-cache.ts";
import type { Environment } from "../environment.ts";
import { AircrateError } from "../error.ts";
import { parseRepository, type Repository } from "../registry/repository.ts";

/** Which cache of layers the user wants instead of the one that the project names. */
export type CacheChoice =
  | "off"
  | {
      /** `HOST[:PORT]/REPOSITORY`. */
      readonly repository: string;
      /** Default `read`. */
      readonly mode?: CacheMode;
    };

/** What the user says of a cache. */
export interface CacheSettings {
  /**
   * `HOST[:PORT]/REPOSITORY` to take layers from that others have packed, or `off`; default: `AIRCRATE_CACHE`, else what
   * the project names.
   */
  readonly cache?: string;
  /** `read-write` has layers that are packed pushed to it, too; default: `AIRCRATE_CACHE_MODE`, else `read`. */
  readonly cacheMode?: CacheMode;
}

/** What the user says, by settings before the environment. @throws AircrateError usage */
export function cacheChoice({ cache, cacheMode }: CacheSettings, env: Environment): CacheChoice | undefined {
  const repository = cache ?? (env.AIRCRATE_CACHE || undefined);
  const mode = cacheMode ?? readMode(env.AIRCRATE_CACHE_MODE);
  if (repository === "off") return "off";
  if (repository !== undefined) return { repository, mode };
  if (mode === "read") return undefined;
  throw new AircrateError("usage", "to push layers, name the repository with --cache or AIRCRATE_CACHE", {
    reason: "the file of a project, which may come from anywhere, does not say where something is pushed",
  });
}

function readMode(text: string | undefined): CacheMode {
  if (text === undefined || text === "" || text === "read") return "read";
  if (text === "read-write") return text;
  throw new AircrateError("usage", "AIRCRATE_CACHE_MODE is neither read nor read-write");
}

export interface ChosenCache {
  readonly repository: Repository;
  readonly mode: CacheMode;
}

/**
 * The cache of a build. A project may come from anywhere, and what is built from it may hold files of images that only
 * the user may see: so a project names a cache to read from, and where anything is pushed only the user says.
 *
 * @param project what `aircrate.yml` names
 * @throws AircrateError usage
 */
export function chooseCache(choice: CacheChoice | undefined, project: Repository | undefined): ChosenCache | undefined {
  if (choice === "off") return undefined;
  if (choice === undefined) return project && { repository: project, mode: "read" };
  return { repository: parseRepository(choice.repository), mode: choice.mode ?? "read" };
}
