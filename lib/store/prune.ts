import { rm, stat } from "node:fs/promises";
import type { PruneReport, PruneStep } from "../../spec/store-reports.ts";
import type { Digest } from "../digest.ts";
import { AircrateError, systemCode } from "../error.ts";
import { decideKept, type KeepOptions, type Kept } from "./keep.ts";
import { blobFile, type Store } from "./layout.ts";
import { inUseSince, readLeases } from "./lease.ts";
import { amountOf } from "./list.ts";
import { writeIndex } from "./records.ts";
import { type StoredFile, type Survey, surveyStore } from "./survey.ts";

export interface PruneOptions extends KeepOptions {
  /** Tells what would go and removes nothing. */
  readonly dryRun?: boolean;
  /** Ends the pruning: what is gone by then is gone, and the next one takes the rest. */
  readonly signal?: AbortSignal;
}

/**
 * Removes from a store what is not needed: always what nobody can use, and of the rest what the options say
 * ({@link decideKept}).
 *
 * It may run beside builds. A blob is removed only when no running build can have taken it up: right before that, its
 * time of last use is compared with the beginning of the oldest build (see `lease.ts`). What a build finds it marks as
 * used before it relies on it, and what it writes is new. In the instant between looking and removing, a build may still
 * take up a blob that nobody used for longer than an hour; it then says that the blob vanished, and builds when started
 * again. No order of events, a killed process included, makes a wrong file: records without blob are void.
 *
 * @throws AircrateError unreachable when the store cannot be read or changed; the reason of the signal
 */
export async function pruneStore(store: Store, options: PruneOptions = {}): Promise<PruneReport> {
  options.signal?.throwIfAborted();
  const survey = await surveyStore(store);
  const kept = await decideKept(store, survey, options);
  const dryRun = options.dryRun === true;
  const removed = new Set<string>();
  const steps: PruneStep[] = [];
  for (const [name, step] of STEPS) {
    const tally = createTally(store, options);
    await step({ ...tally, store, survey, kept, removed, dryRun });
    steps.push({ name, ...tally.counters() });
  }
  const isLeft = ({ file }: StoredFile) => !removed.has(file);
  return {
    version: 1,
    store: store.root,
    dryRun,
    steps,
    dropped: survey.references
      .filter((reference) => !isLeft(reference))
      .map(({ record: { reference, platform } }) => ({ reference, platform })),
    removed: steps.reduce(
      (sum, step) => ({ count: sum.count + step.removed.count, size: sum.size + step.removed.size }),
      { count: 0, size: 0 },
    ),
    kept: amountOf([...survey.blobs.values()].filter(isLeft)),
  };
}

interface Pruning extends Pick<Tally, "remove"> {
  readonly store: Store;
  readonly survey: Survey;
  readonly kept: Kept;
  /** Paths of what went. */
  readonly removed: Set<string>;
  readonly dryRun: boolean;
}

type Step = (pruning: Pruning) => Promise<void>;

/** References go before their blobs: when pruning is cut short, the blobs are garbage and the next one takes them. */
const STEPS: readonly (readonly [name: PruneStep["name"], step: Step])[] = [
  ["leases", removeLeases],
  ["temporary", ({ survey, remove }) => removeOld(survey.temporary, TEMPORARY_AGE, remove)],
  ["partial", ({ survey, remove }) => removeOld(survey.partial, PARTIAL_AGE, remove)],
  ["quarantine", removeQuarantine],
  ["references", removeReferences],
  ["blobs", removeBlobs],
  [
    "records",
    async (pruning) => {
      await removeRecords(pruning);
      await removeSizes(pruning);
    },
  ],
  ["trees", removeTrees],
];

const HOUR = 60 * 60 * 1000;
/** What is written for longer than this without a byte is not written any more. */
const TEMPORARY_AGE = HOUR;
/** Nobody goes on with a download after a week. */
const PARTIAL_AGE = 7 * 24 * HOUR;

async function removeLeases({ store, remove }: Pruning): Promise<void> {
  for (const { file, live } of await readLeases(store)) if (!live) await remove({ file, size: 0, usedMs: 0 });
}

async function removeOld(files: readonly StoredFile[], age: number, remove: Tally["remove"]): Promise<void> {
  const oldest = Date.now() - age;
  for (const file of files) if (file.usedMs < oldest) await remove(file, file.file);
}

async function removeQuarantine({ survey, remove }: Pruning): Promise<void> {
  for (const file of survey.quarantine) await remove(file);
}

async function removeReferences({ store, survey, kept, remove, removed, dryRun }: Pruning): Promise<void> {
  for (const reference of survey.references) {
    if (kept.references.has(reference)) continue;
    const { digest } = reference.record.manifest;
    const shown = survey.blobs.has(digest) ? blobFile(store, digest) : reference.file;
    if (await remove(reference, shown)) removed.add(reference.file);
    else for (const needed of kept.reachOf(reference).digests) kept.digests.add(needed);
  }
  if (removed.size > 0 && !dryRun) await writeIndex(store);
}

async function removeBlobs({ survey, kept, remove, removed }: Pruning): Promise<void> {
  for (const [digest, blob] of survey.blobs) {
    if (!kept.digests.has(digest) && (await remove(blob, blob.file))) removed.add(blob.file);
  }
}

/** Records without blob, and what is no record. */
async function removeRecords({ survey, remove, removed }: Pruning): Promise<void> {
  for (const file of survey.unreadable) await remove(file, file.file);
  for (const recorded of [...survey.layers, ...survey.files, ...survey.joints, ...survey.blocks]) {
    if (isThere(recorded.record.digest, survey, removed)) continue;
    if (await remove(recorded, recorded.file)) removed.add(recorded.file);
  }
}

/** What tells of sizes of which no layer is there any more. */
async function removeSizes({ survey, remove, removed }: Pruning): Promise<void> {
  const packed = survey.layers.filter(({ file, pulled }) => pulled === undefined && !removed.has(file));
  const needed = new Set(packed.map(({ record }) => record.plainSize));
  for (const size of survey.sizes) if (!needed.has(size.plainSize)) await remove(size, size.file);
}

/** Lists of names of layers that are not there any more. */
async function removeTrees({ survey, remove, removed }: Pruning): Promise<void> {
  const needed = new Set(survey.layers.filter(({ file }) => !removed.has(file)).map(({ record }) => record.diffId));
  for (const [diffId, tree] of survey.trees) if (!needed.has(diffId)) await remove(tree, tree.file);
}

function isThere(digest: Digest, { blobs }: Survey, removed: ReadonlySet<string>): boolean {
  const blob = blobs.get(digest);
  return blob !== undefined && !removed.has(blob.file);
}

interface Tally {
  /**
   * Removes a file, or only counts it in a dry run.
   *
   * @param shown the file whose time tells of its last use; without it nobody uses what is removed
   * @returns whether it is gone: not when a build that is running may need it
   */
  remove(file: StoredFile, shown?: string): Promise<boolean>;
  counters(): Pick<PruneStep, "removed" | "inUse">;
}

function createTally(store: Store, { dryRun = false, signal }: PruneOptions): Tally {
  const gone: StoredFile[] = [];
  let inUse = 0;
  return {
    async remove(file, shown) {
      signal?.throwIfAborted();
      const used = shown === undefined ? undefined : await stat(shown).catch(() => undefined);
      if (used !== undefined && used.mtimeMs >= (await inUseSince(store))) {
        inUse += 1;
        return false;
      }
      if (!dryRun) await unlink(file, store);
      gone.push(file);
      return true;
    },
    counters: () => ({ removed: amountOf(gone), inUse }),
  };
}

async function unlink({ file }: StoredFile, store: Store): Promise<void> {
  try {
    await rm(file, { recursive: true, force: true });
  } catch (error) {
    const reason = systemCode(error);
    if (reason === undefined) throw error;
    throw new AircrateError("unreachable", "the store cannot be changed", { where: store.root, reason, cause: error });
  }
}
