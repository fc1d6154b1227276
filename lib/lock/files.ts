import type { Lock, LockedFile } from "../../spec/lock.ts";
import { compareBytes } from "../bytes.ts";
import { environmentOf, inheritConfig } from "../dockerfile/config.ts";
import { findOutline, type ResolveContext } from "../image/outline.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { plannedFiles } from "../plan/remote-files.ts";
import { formatPlatform } from "../platform.ts";
import { parseRemote } from "../remote/address.ts";
import type { WantedFile } from "../remote/fetch-all.ts";
import type { Session } from "../session.ts";
import { findFile } from "../store/records.ts";
import { pinsOf, plannedReferences } from "./check.ts";

export type LockContext = ResolveContext & Pick<Session, "network">;

/** A file as a lock names it, without its size. */
interface UnsizedFile extends WantedFile {
  readonly platforms: string[];
}

/**
 * Locks the remote files that plans need. One is fetched into the store when neither that nor the lock before knows its
 * size.
 *
 * @param lock what the plans pull, locked
 * @returns nothing when there are none
 * @throws AircrateError as `plannedFiles`, `findOutline` and `RemoteFiles.fetch`
 */
export async function lockFiles(
  context: LockContext,
  plans: readonly BuildPlan[],
  { lock, before }: { readonly lock: Lock; readonly before: Lock | undefined },
): Promise<Pick<Lock, "files">> {
  const wanted = new Map<string, UnsizedFile>();
  const named = plans.map((plan) => [formatPlatform(plan.platform), plan] as const);
  // Whichever platform was asked for: of two addresses the same one is always taken.
  for (const [platform, plan] of named.sort(([a], [b]) => compareBytes(a, b))) {
    for (const file of await filesOf(context, plan, lock)) {
      const known = wanted.get(file.checksum) ?? { ...file, platforms: [] };
      known.platforms.push(platform);
      wanted.set(file.checksum, known);
    }
  }
  if (wanted.size === 0) return {};
  const sizes = new Map<string, number>();
  for (const { checksum } of wanted.values()) {
    const size = (await findFile(context.store, checksum))?.size ?? before?.files?.[checksum]?.size;
    if (size !== undefined) sizes.set(checksum, size);
  }
  const unknown = [...wanted.values()].filter(({ checksum }) => !sizes.has(checksum));
  if (unknown.length > 0) {
    const { fetchAll } = await import("../remote/fetch-all.ts");
    const fetched = await fetchAll(context, unknown, context.onEvent);
    for (const [i, { checksum }] of unknown.entries()) sizes.set(checksum, fetched[i]!.size);
  }
  const files = [...wanted.values()].map(({ checksum, url, platforms }): [string, LockedFile] => [
    checksum,
    { platforms, size: sizes.get(checksum)!, url },
  ]);
  return { files: Object.fromEntries(files) };
}

/** The files of a plan. Bases whose environment decides on them are asked for it, as they are locked. */
async function filesOf(context: LockContext, plan: BuildPlan, lock: Lock): Promise<WantedFile[]> {
  const open = new Set(plannedFiles(plan).map(({ base }) => base));
  const environments = new Map<string, ReadonlyMap<string, string>>();
  for (const { name, reference, where } of plannedReferences(plan)) {
    if (!open.has(name)) continue;
    const options = { platform: plan.platform, offline: false, pins: pinsOf(plan, lock) };
    const { config } = await findOutline({ ...context, ...options }, reference);
    environments.set(name, environmentOf(inheritConfig(config.config, where)));
  }
  return plannedFiles(plan, environments).map(({ checksum, url, where }) => {
    if (checksum === undefined || url === undefined)
      throw new Error(`${where}: a file that no base decides on is open`);
    return { checksum, url: parseRemote(url, where).href, where };
  });
}
