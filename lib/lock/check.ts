import type { Lock, LockedImage } from "../../spec/lock.ts";
import type { Digest } from "../digest.ts";
import { AircrateError } from "../error.ts";
import type { Pins } from "../image/pin.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { plannedFiles } from "../plan/remote-files.ts";
import { formatPlatform } from "../platform.ts";
import { formatReference, type Reference } from "../reference.ts";
import { LOCK_NAME, lockFile } from "./file.ts";

/** A reference of a plan. */
export interface PlannedReference {
  /** In full, as in the lock. */
  readonly name: string;
  readonly reference: Reference;
  /** `file:line` that asks for it. */
  readonly where: string;
  /** Whether it is a tag that was given on this machine: a lock could not say where others find the image. */
  readonly local: boolean;
}

/** All that a plan refers to, in its order. */
export function plannedReferences(plan: BuildPlan): PlannedReference[] {
  return plan.images.flatMap(({ recipe, where }) => {
    if (recipe.kind !== "pull") return [];
    const { reference, local = false } = recipe;
    return [{ name: formatReference(reference), reference, where, local }];
  });
}

/** All that a plan pulls, in its order. */
export function pulledReferences(plan: BuildPlan): PlannedReference[] {
  return plannedReferences(plan).filter(({ local }) => !local);
}

/** Local images that a lock knows as images of a registry, on the platform of the plan, one line each. */
export function shadowedPins(plan: BuildPlan, lock: Lock): string[] {
  const platform = formatPlatform(plan.platform);
  return plannedReferences(plan)
    .filter(({ name, local }) => local && lock.images[name]?.platforms[platform] !== undefined)
    .map(({ name, where }) => `${where}: ${name} is locked, but a local image has that name`);
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

/**
 * Where a plan and its lock differ, on the platform of the plan, one line each. A file whose checksum depends on the
 * environment of a base is told when that is known, see {@link requireLocked}.
 */
export function lockDifferences(plan: BuildPlan, lock: Lock): { missing: string[]; unused: string[] } {
  const platform = formatPlatform(plan.platform);
  const wanted = pulledReferences(plan);
  const missing = wanted.flatMap(({ name, where }) => {
    const known = lock.images[name];
    if (known === undefined) return [`${where}: ${name} is not in ${LOCK_NAME}`];
    return known.platforms[platform] === undefined ? [`${where}: ${name} is not in ${LOCK_NAME} for ${platform}`] : [];
  });
  const names = new Set(plannedReferences(plan).map(({ name }) => name));
  const unused = Object.entries(lock.images)
    .filter(([name, { platforms }]) => !names.has(name) && platforms[platform] !== undefined)
    .map(([name]) => `nothing uses ${name} any more`);
  const files = fileDifferences(plan, lock);
  return { missing: [...missing, ...files.missing], unused: [...shadowedPins(plan, lock), ...unused, ...files.unused] };
}

function fileDifferences(plan: BuildPlan, lock: Lock): { missing: string[]; unused: string[] } {
  const platform = formatPlatform(plan.platform);
  const planned = plannedFiles(plan);
  const wanted = new Set(planned.map(({ checksum }) => checksum));
  const missing = planned.flatMap(({ checksum, where }) =>
    checksum === undefined ? [] : (missingFile(plan, lock, { checksum, where }) ?? []),
  );
  // One whose checksum is not known yet may be any of them.
  const unused = wanted.has(undefined)
    ? []
    : Object.entries(lock.files ?? {})
        .filter(([digest, { platforms }]) => !wanted.has(digest) && platforms.includes(platform))
        .map(([digest]) => `nothing uses the file ${digest} any more`);
  return { missing, unused };
}

interface FileOfPlan {
  readonly checksum: Digest;
  readonly where: string;
}

function missingFile({ platform }: BuildPlan, lock: Lock, { checksum, where }: FileOfPlan): string | undefined {
  const known = lock.files?.[checksum];
  const name = formatPlatform(platform);
  if (known === undefined) return `${where}: the file ${checksum} is not in ${LOCK_NAME}`;
  return known.platforms.includes(name)
    ? undefined
    : `${where}: the file ${checksum} is not in ${LOCK_NAME} for ${name}`;
}

/**
 * Demands that the lock names what the plan pulls and fetches, all of it and nothing else. A reference with a digest is no
 * exception: without its manifest in the lock, nobody could tell which blobs it needs.
 *
 * @throws AircrateError refused
 */
export function checkLock(plan: BuildPlan, lock: Lock | undefined): Lock {
  if (lock !== undefined) {
    const { missing, unused } = lockDifferences(plan, lock);
    if (missing.length === 0 && unused.length === 0) return lock;
    throw misfit(plan, [...missing, ...unused]);
  }
  const unlocked = [
    ...pulledReferences(plan).map(({ where, name }) => `${where}: ${name} is not locked`),
    ...plannedFiles(plan).flatMap(({ where, checksum }) =>
      checksum === undefined ? [] : [`${where}: the file ${checksum} is not locked`],
    ),
  ];
  if (unlocked.length === 0) return { version: 1, images: {} };
  throw new AircrateError("refused", "there is no lock file", {
    where: lockFile(plan.name),
    reason: unlocked,
    hint: `write it: ${commandFor(plan)}`,
  });
}

/** Demands that the lock names a remote file that is about to be fetched. @throws AircrateError refused */
export function requireLocked(plan: BuildPlan, lock: Lock, file: FileOfPlan): void {
  const missing = missingFile(plan, lock, file);
  if (missing !== undefined) throw misfit(plan, [missing]);
}

function misfit(plan: BuildPlan, reason: readonly string[]): AircrateError {
  return new AircrateError("refused", "the lock file does not fit the project", {
    where: lockFile(plan.name),
    reason,
    hint: `bring it up to date: ${commandFor(plan)}`,
  });
}

/** The command that brings the lock of a project up to date. */
export function commandFor({ name, platform }: BuildPlan): string {
  const simulation = formatPlatform(platform) === "linux/amd64" ? " --simulation" : "";
  return `aircrate lock${name === "." ? "" : ` ${name}`}${simulation}`;
}
