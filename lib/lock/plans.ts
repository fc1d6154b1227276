import type { Lock } from "../../spec/lock.ts";
import { makePlan, type PlanOptions } from "../plan/make.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { formatPlatform } from "../platform.ts";

/** Platforms that anything in a lock is for. */
export function lockedPlatforms(lock: Lock | undefined): ReadonlySet<string> {
  const images = Object.values(lock?.images ?? {}).flatMap(({ platforms }) => Object.keys(platforms));
  const files = Object.values(lock?.files ?? {}).flatMap(({ platforms }) => platforms);
  return new Set([...images, ...files]);
}

/** Of what the plans are made besides the project. */
type PlansOptions = Pick<PlanOptions, "simulation" | "store">;

/**
 * The plan of a project that is asked for, and the one for the other platform, with or without simulation, if the lock
 * has that: references may differ from one to the other.
 *
 * @throws AircrateError as `makePlan`
 */
export async function makePlans(dir: string, lock: Lock | undefined, options: PlansOptions): Promise<BuildPlan[]> {
  const plan = await makePlan(dir, options);
  const own = formatPlatform(plan.platform);
  const locked = lockedPlatforms(lock);
  if ([...locked].every((platform) => platform === own)) return [plan];
  const other = await makePlan(dir, { ...options, simulation: options.simulation !== true });
  const platform = formatPlatform(other.platform);
  return platform !== own && locked.has(platform) ? [plan, other] : [plan];
}
