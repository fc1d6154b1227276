import { AircrateError } from "../error.ts";
import { type DeviceOptions, FIND_HINT, openDevice } from "./connection.ts";
import { DEFAULT_ADDRESSES } from "./protocol.ts";
import { openUpdater, probeUpdater, type Updater } from "./updater.ts";

export interface FindOptions extends DeviceOptions {
  /** Of the device; without one, the first of the candidates where one answers counts. */
  readonly address?: string;
  /** Default {@link DEFAULT_ADDRESSES}. */
  readonly candidates?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Finds a device. Its `device` has to be closed. The password is for the one that was found, and the others never get it.
 *
 * @throws AircrateError unreachable when there is none; as `openUpdater`
 */
export async function findDevice({ address, candidates, signal, ...options }: FindOptions): Promise<Updater> {
  const chosen = address ?? (await firstOf(candidates ?? DEFAULT_ADDRESSES, options, signal));
  const device = await openDevice(chosen, options);
  try {
    return await openUpdater(device, signal);
  } catch (error) {
    await device.close();
    throw error;
  }
}

async function firstOf(
  candidates: readonly string[],
  { userAgent }: DeviceOptions,
  signal: AbortSignal | undefined,
): Promise<string> {
  const decided = new AbortController();
  const limit = signal === undefined ? decided.signal : AbortSignal.any([signal, decided.signal]);
  const answers = async (address: string) => {
    const device = await openDevice(address, { userAgent });
    try {
      await probeUpdater(device, limit);
      return true;
    } catch (error) {
      limit.throwIfAborted();
      if (error instanceof AircrateError) return false;
      throw error;
    } finally {
      await device.close();
    }
  };
  const probes = candidates.map(answers);
  // Also has none of them count as a rejection that nobody handles while another one is awaited.
  const settled = Promise.allSettled(probes);
  try {
    for (const [i, probe] of probes.entries()) if (await probe) return candidates[i]!;
  } finally {
    decided.abort();
    await settled;
  }
  throw new AircrateError("unreachable", "no device was found", {
    reason: `nothing of AuterionOS answers at ${candidates.join(", ")}`,
    hint: FIND_HINT,
  });
}
