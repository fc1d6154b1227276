import type { ReferenceRecord } from "../../spec/store.ts";
import type { Digest } from "../digest.ts";
import type { Store } from "./layout.ts";
import { createReach, type Reach } from "./reach.ts";
import type { Recorded, Survey } from "./survey.ts";

export interface KeepOptions {
  /** References that stay, in full, and blobs that do: what lock files name. Of the others only local ones stay then. */
  readonly locked?: { readonly references: ReadonlySet<string>; readonly digests: ReadonlySet<Digest> };
  /** References and layers that were not used for this long go, in ms. Those that are locked or local stay. */
  readonly olderThan?: number;
  /** Bytes of all blobs: what was used least recently goes until the rest fits. Those that are locked or local stay. */
  readonly maxSize?: number;
}

/** What stays in a store. */
export interface Kept {
  readonly references: ReadonlySet<Recorded<ReferenceRecord>>;
  /** Every blob that stays. */
  readonly digests: Set<Digest>;
  reachOf(reference: Recorded<ReferenceRecord>): Reach;
}

/** What stays or goes as one: a reference with all that it reaches, a layer that no reference has, or a fetched file. */
interface Unit {
  readonly digests: ReadonlySet<Digest>;
  readonly usedMs: number;
  /** Stays, whatever the space that it takes. */
  readonly locked: boolean;
  readonly reference?: Recorded<ReferenceRecord>;
}

/**
 * Marks what stays. Layers of a reference live and die with it; one that no reference has, such as a layer that was
 * packed from a tree, goes by its own last use, and so does a file that was fetched. Without options all that is recorded stays.
 */
export async function decideKept(store: Store, survey: Survey, options: KeepOptions): Promise<Kept> {
  const reach = createReach(store, survey);
  const reaches = new Map<Recorded<ReferenceRecord>, Reach>();
  for (const reference of survey.references) reaches.set(reference, await reach(reference.record));
  const units = fitting(
    [
      ...referenceUnits(survey, reaches, options),
      ...layerUnits(survey, reaches, options),
      ...fileUnits(survey, options),
    ],
    {
      survey,
      ...options,
    },
  );
  return {
    references: new Set(units.flatMap(({ reference }) => reference ?? [])),
    digests: new Set(units.flatMap(({ digests }) => [...digests])),
    reachOf: (reference) => reaches.get(reference)!,
  };
}

type Reaches = ReadonlyMap<Recorded<ReferenceRecord>, Reach>;

function referenceUnits({ blobs, layers }: Survey, reaches: Reaches, { locked, olderThan }: KeepOptions): Unit[] {
  const units: Unit[] = locked === undefined ? [] : [lockedUnit(locked.digests, layers)];
  const oldest = oldestOf(olderThan);
  for (const [reference, { digests }] of reaches) {
    const { record } = reference;
    const usedMs = blobs.get(record.manifest.digest)?.usedMs ?? reference.usedMs;
    // Nobody could fetch a local image again.
    const isLocked = record.local === true || locked?.references.has(record.reference) === true;
    if (isLocked || (locked === undefined && usedMs >= oldest))
      units.push({ digests, usedMs, locked: isLocked, reference });
  }
  return units;
}

/** A layer that came in another encoding is locked by the digest that it came with. */
function lockedUnit(locked: ReadonlySet<Digest>, layers: Survey["layers"]): Unit {
  const stored = layers.flatMap(({ pulled, record }) =>
    pulled !== undefined && locked.has(pulled) ? record.digest : [],
  );
  return { digests: new Set([...locked, ...stored]), usedMs: 0, locked: true };
}

function layerUnits({ blobs, layers }: Survey, reaches: Reaches, { locked, olderThan }: KeepOptions): Unit[] {
  const owned = new Set([...reaches.values()].flatMap(({ digests }) => [...digests]));
  const oldest = oldestOf(olderThan);
  const units = new Map<Digest, Unit>();
  for (const { record, pulled } of layers) {
    const { digest } = record;
    const blob = blobs.get(digest);
    if (blob === undefined || owned.has(digest) || blob.usedMs < oldest) continue;
    // A pulled layer without reference is one of an image that is not used any more, so no lock file is meant to keep it.
    if (pulled === undefined || locked === undefined) {
      units.set(digest, { digests: new Set([digest]), usedMs: blob.usedMs, locked: false });
    }
  }
  return [...units.values()];
}

/** Files that no lock names go by age and size alone: old lock files name none. */
function fileUnits({ blobs, files }: Survey, { olderThan }: KeepOptions): Unit[] {
  const oldest = oldestOf(olderThan);
  return files.flatMap(({ record: { digest } }) => {
    const blob = blobs.get(digest);
    if (blob === undefined || blob.usedMs < oldest) return [];
    return [{ digests: new Set([digest]), usedMs: blob.usedMs, locked: false }];
  });
}

function oldestOf(olderThan: number | undefined): number {
  return olderThan === undefined ? Number.NEGATIVE_INFINITY : Date.now() - olderThan;
}

/** Leaves units out, the least recently used first, until the blobs of the rest are small enough together. */
function fitting(
  units: readonly Unit[],
  { survey, maxSize = Number.POSITIVE_INFINITY }: KeepOptions & { readonly survey: Survey },
): readonly Unit[] {
  const users = new Map<Digest, number>();
  let size = 0;
  const count = (unit: Unit, change: 1 | -1) => {
    for (const digest of unit.digests) {
      const before = users.get(digest) ?? 0;
      users.set(digest, before + change);
      if (before === 0 || before + change === 0) size += change * (survey.blobs.get(digest)?.size ?? 0);
    }
  };
  for (const unit of units) count(unit, 1);
  const left = new Set(units);
  for (const unit of [...units].sort((a, b) => a.usedMs - b.usedMs)) {
    if (size <= maxSize) break;
    if (unit.locked) continue;
    left.delete(unit);
    count(unit, -1);
  }
  return [...left];
}
