import type { Lock, LockedImage, LockedReference } from "../../spec/lock.ts";
import type { LockReport } from "../../spec/lock-report.ts";
import { AircrateError } from "../error.ts";
import { createWarnings, joinListeners } from "../events.ts";
import { type ResolveContext, resolveIntoStore } from "../image/outline.ts";
import { lockedBlob, lockedImage } from "../image/pin.ts";
import { mapLimited } from "../limit.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { formatPlatform, parsePlatform } from "../platform.ts";
import { familiarReference, formatReference, parseReference, type Reference } from "../reference.ts";
import { openSession, type SessionOptions } from "../session.ts";
import { didYouMean } from "../suggest.ts";
import { lockChanges } from "./changes.ts";
import { plannedReferences, pulledReferences } from "./check.ts";
import { lockFile, readLock, writeLock } from "./file.ts";
import { lockFiles } from "./files.ts";
import { makePlans } from "./plans.ts";

export interface LockOptions extends Omit<SessionOptions, "offline" | "vendor"> {
  /** Project folder, as the user gives it. */
  readonly dir: string;
  /** Locks for the simulation, linux/amd64, too. */
  readonly simulation?: boolean;
  /** References that are asked for anew, as users write them; an empty list means all. */
  readonly update?: readonly string[];
}

/** A reference and the platforms on which the project pulls it. */
interface Wanted {
  readonly reference: Reference;
  readonly platforms: string[];
}

/** References that are asked for at once. */
const PARALLEL_REFERENCES = 4;

/**
 * Brings the lock file of a project up to date: what is in it stays as it is, new references are resolved, and those that
 * nothing uses any more are dropped. The platforms in it are kept up together. Manifests and configs go into the store, and
 * remote files that are new.
 *
 * @throws AircrateError of every fault; usage when `update` names a reference that the project does not pull
 */
export async function lockProject(options: LockOptions): Promise<LockReport> {
  const before = await readLock(options.dir);
  const plans = await makePlans(options.dir, before, options);
  const wanted = wantedReferences(plans);
  const moving = chosen(options.update, wanted);
  const session = await openSession(options, plans[0]!.registries);
  const warnings = createWarnings();
  const context = { ...session, onEvent: joinListeners(warnings.event, options.onEvent) };
  try {
    const entries = await mapLimited(PARALLEL_REFERENCES, wanted, async ([name, one]) => {
      const known = before?.images[name];
      return [name, await lockReference(context, one, { known, move: moving.has(name) })] as const;
    });
    const images: Lock = { version: 1, images: Object.fromEntries(entries) };
    const lock: Lock = { ...images, ...(await lockFiles(context, plans, { lock: images, before })) };
    const changes = await lockChanges(session.store, before, lock);
    options.signal?.throwIfAborted();
    const written = await writeLock(options.dir, lock);
    return {
      version: 1,
      file: lockFile(options.dir),
      written,
      ...changes,
      warnings: [...warnings.list(), ...localWarnings(plans)],
    };
  } catch (error) {
    // What was cut short by the abort fails in many ways; the abort is the reason.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await session.close();
  }
}

function localWarnings(plans: readonly BuildPlan[]): string[] {
  const local = plans.flatMap(plannedReferences).filter((reference) => reference.local);
  return [
    ...new Set(local.map(({ name }) => `${name} is a local image and not locked: other machines do not have it`)),
  ];
}

function wantedReferences(plans: readonly BuildPlan[]): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const plan of plans) {
    for (const { name, reference } of pulledReferences(plan)) {
      const one = wanted.get(name) ?? { reference, platforms: [] };
      one.platforms.push(formatPlatform(plan.platform));
      wanted.set(name, one);
    }
  }
  return wanted;
}

/** Names of the references that are to be asked for anew. */
function chosen(update: readonly string[] | undefined, wanted: ReadonlyMap<string, Wanted>): ReadonlySet<string> {
  if (update === undefined) return new Set();
  if (update.length === 0) return new Set(wanted.keys());
  return new Set(
    update.map((text) => {
      const name = formatReference(parseReference(text));
      if (wanted.has(name)) return name;
      const known = [...wanted.values()].map(({ reference }) => familiarReference(reference));
      throw new AircrateError("usage", `the project does not pull ${text}${didYouMean(text, known)}`, {
        reason: known.map((one) => `it pulls ${one}`),
      });
    }),
  );
}

/**
 * Locks one reference on its platforms. All of them come from one index: a platform that is added later from the one
 * that is locked, not from what the tag leads to by then.
 */
async function lockReference(
  context: ResolveContext,
  { reference, platforms }: Wanted,
  { known, move }: { known: LockedReference | undefined; move: boolean },
): Promise<LockedReference> {
  const kept = move ? undefined : known;
  let index = kept?.index;
  let root = (index ?? Object.values(kept?.platforms ?? {})[0]?.manifest)?.digest;
  const images: Record<string, LockedImage> = {};
  for (const platform of platforms) {
    const before = kept?.platforms[platform];
    if (before !== undefined) {
      images[platform] = before;
      continue;
    }
    const pinned = { platform: parsePlatform(platform), ...(root !== undefined && { digest: root }) };
    const resolved = await resolveIntoStore(context, reference, pinned);
    if (resolved.index !== undefined) index = lockedBlob(resolved.index.descriptor);
    root = index?.digest ?? resolved.manifest.descriptor.digest;
    const { manifest, config, layers } = resolved;
    images[platform] = lockedImage(manifest.descriptor, { config: config.descriptor, layers });
  }
  return { ...(index !== undefined && { index }), platforms: images };
}
