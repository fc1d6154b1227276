import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { decodeJson } from "../../spec/decode.ts";
import { Lease } from "../../spec/store.ts";
import { systemCode } from "../error.ts";
import { recordFile, type Store, USE_STEP, writeWhole } from "./layout.ts";

/** How often a lease is renewed, and how long it counts after that; in ms. */
const BEAT = 15_000;
const LIFE = 120_000;

/**
 * Says that the store is in use from now on: {@link inUseSince} tells pruning what the user of the store may need.
 *
 * A lease is a file that says when the use began and is touched while it lasts. So one that a killed process left
 * behind counts for two minutes more and for nothing then, and neither process numbers, which mean nothing across
 * containers and machines that share a store, nor locks, which not every file system has, are needed.
 *
 * @returns gives the lease back
 */
export async function takeLease(store: Store): Promise<() => Promise<void>> {
  const file = recordFile(store, "leases", `${randomBytes(12).toString("hex")}.json`);
  const lease: Lease = { version: 1, started: Date.now() };
  // A store that may only be read is used without one: nobody can prune it meanwhile.
  await writeWhole(store, file, JSON.stringify(lease)).catch(() => {});
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, BEAT);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await rm(file, { force: true }).catch(() => {});
  };
}

/**
 * Since when, in ms since 1970, what is used may be needed by somebody who holds a lease: the beginning of the oldest one,
 * less {@link USE_STEP}, since what was used shortly before is not marked again.
 *
 * @returns infinity when nobody does
 */
export async function inUseSince(store: Store): Promise<number> {
  let since = Number.POSITIVE_INFINITY;
  for (const { started, live } of await readLeases(store)) if (live) since = Math.min(since, started - USE_STEP);
  return since;
}

interface FoundLease {
  readonly file: string;
  readonly started: number;
  readonly live: boolean;
}

/** Those that count, and those that were left behind. */
export async function readLeases(store: Store): Promise<FoundLease[]> {
  const names = await readdir(recordFile(store, "leases")).catch(() => []);
  const leases = await Promise.all(names.map((name) => readLease(recordFile(store, "leases", name))));
  return leases.filter((lease) => lease !== undefined);
}

async function readLease(file: string): Promise<FoundLease | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    const { started } = decodeJson(Lease, await readFile(file));
    return { file, started, live: Date.now() - mtimeMs < LIFE };
  } catch (error) {
    // Given back meanwhile; or damaged, and then it was not written just now.
    return systemCode(error) === "ENOENT" ? undefined : { file, started: 0, live: false };
  }
}
