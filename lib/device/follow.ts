import { setTimeout as sleep } from "node:timers/promises";
import { AircrateError } from "../error.ts";
import { unreachable } from "./connection.ts";
import { FAILED, FAILED_READS, POLL_MS, REBOOTING, SUCCEEDED } from "./protocol.ts";
import { readStatus, type Updater } from "./updater.ts";

export interface FollowOptions {
  /** Until when it has to be done, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  readonly onStatus: (status: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads the status of an installation, once a second, until it has come to its end. In between the device may start
 * anew, perhaps with another version of the interface.
 *
 * @returns the last status, one of success
 * @throws AircrateError device or integrity for an installation that failed; unreachable when the device does not come
 *   back in time, device when it does not get done in time
 */
export async function followInstallation(updater: Updater, options: FollowOptions): Promise<string> {
  const { deadline, onStatus, signal } = options;
  const where = updater.device.address;
  const read = createStatusReader(updater, signal);
  let last: string | undefined;
  for (;;) {
    const { status, failed } = await read();
    if (status !== undefined) {
      if (status !== last) onStatus(status);
      last = status;
      if (SUCCEEDED.includes(status)) return status;
      const failure = Object.hasOwn(FAILED, status) ? FAILED[status] : undefined;
      if (failure !== undefined) {
        throw new AircrateError(failure[0], failure[1], { where, reason: `status ${status}`, hint: SEE_HINT });
      }
    }
    if (performance.now() > deadline) {
      if (failed > 0) throw unreachable(where, `the last that was known of it: ${last ?? "nothing"}`);
      throw new AircrateError("device", "the installation does not come to an end", {
        where,
        reason: `status ${last ?? "unknown"}`,
        hint: ["give it more time with --wait SECONDS", SEE_HINT],
      });
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

export const SEE_HINT = "aircrate device shows which applications are there, and in which version";

/** Reads the status, and tells {@link REBOOTING} when that failed for too long. `failed`: readings in a row, until now */
export function createStatusReader(
  updater: Updater,
  signal?: AbortSignal,
): () => Promise<{ status: string | undefined; failed: number }> {
  let failed = 0;
  return async () => {
    const status = await readStatus(updater, signal);
    failed = status === undefined ? failed + 1 : 0;
    return { status: failed > FAILED_READS ? REBOOTING : status, failed };
  };
}
