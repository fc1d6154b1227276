import type { Lock, LockedImage } from "../../spec/lock.ts";
import { AircrateError } from "../error.ts";
import type { Pins } from "../image/pin.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { formatPlatform } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import { LOCK_NAME, lockFile } from "./file.ts";

/** A reference of a plan. */
export interface PulledReference {
  /** In full, as in the lock. */
  readonly name: string;
  readonly reference: Reference;
  /** `file:line` that asks for it. */
  readonly where: string;
}

/** All that a plan pulls, in its order. */
export function pulledReferences(plan: BuildPlan): PulledReference[] {
  return plan.images.flatMap(({ recipe, where }) =>
    recipe.kind === "pull" ? [{ name: formatReference(recipe.reference), reference: recipe.reference, where }] : [],
  );
}

/** What a lock says of the references of a plan, on the platform of the plan. */
export function pinsOf(plan: BuildPlan, lock: Lock | undefined): Pins {
  const platform = formatPlatform(plan.platform);
  const pins = new Map<string, LockedImage>();
  for (const { name } of pulledReferences(plan)) {
    const image = lock?.images[name]?.platforms[platform];
    if (image !== undefined) pins.set(name, image);
  }
  return pins;
}

/** Where a plan and its lock differ, on the platform of the plan, one line each. */
export function lockDifferences(plan: BuildPlan, lock: Lock): { missing: string[]; unused: string[] } {
  const platform = formatPlatform(plan.platform);
  const wanted = pulledReferences(plan);
  const missing = wanted.flatMap(({ name, where }) => {
    const known = lock.images[name];
    if (known === undefined) return [`${where}: ${name} is not in ${LOCK_NAME}`];
    return known.platforms[platform] === undefined ? [`${where}: ${name} is not in ${LOCK_NAME} for ${platform}`] : [];
  });
  const names = new Set(wanted.map(({ name }) => name));
  const unused = Object.entries(lock.images)
    .filter(([name, { platforms }]) => !names.has(name) && platforms[platform] !== undefined)
    .map(([name]) => `nothing uses ${name} any more`);
  return { missing, unused };
}

/**
 * Demands that the lock names what the plan pulls, all of it and nothing else. A reference with a digest is no exception:
 * without its manifest in the lock, nobody could tell which blobs it needs.
 *
 * @param name the project folder as the user gave it
 * @throws AircrateError refused
 */
export function checkLock(plan: BuildPlan, lock: Lock | undefined): Lock {
  const where = lockFile(plan.name);
  const command = `aircrate lock${plan.name === "." ? "" : ` ${plan.name}`}`;
  if (lock === undefined) {
    if (pulledReferences(plan).length === 0) return { version: 1, images: {} };
    throw new AircrateError("refused", "there is no lock file", {
      where,
      reason: pulledReferences(plan).map((one) => `${one.where}: ${one.name} is not locked`),
      hint: `write it: ${command}`,
    });
  }
  const { missing, unused } = lockDifferences(plan, lock);
  if (missing.length === 0 && unused.length === 0) return lock;
  throw new AircrateError("refused", "the lock file does not fit the project", {
    where,
    reason: [...missing, ...unused],
    hint: `bring it up to date: ${command}${formatPlatform(plan.platform) === "linux/amd64" ? " --simulation" : ""}`,
  });
}
