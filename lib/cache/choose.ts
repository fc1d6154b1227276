import type { CacheMode } from "../../spec/layer-cache.ts";
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
