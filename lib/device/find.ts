import { AircrateError } from "../error.ts";
import { type Device, type DeviceOptions, FIND_HINT, openDevice } from "./connection.ts";
import { DEFAULT_ADDRESSES } from "./protocol.ts";
import { openUpdater, type Updater } from "./updater.ts";

/** @param address of the device; without one, the first of {@link DEFAULT_ADDRESSES} where one answers counts */
export type FindOptions = DeviceOptions & { readonly address?: string; readonly signal?: AbortSignal };

/**
 * Finds a device. Its `device` has to be closed.
 *
 * @throws AircrateError unreachable when there is none; as `openUpdater` for a given address
 */
export async function findDevice({ address, signal, ...options }: FindOptions): Promise<Updater> {
  if (address !== undefined) return open(await openDevice(address, options), signal);
  const found = await Promise.allSettled(
    DEFAULT_ADDRESSES.map(async (candidate) => open(await openDevice(candidate, options), signal)),
  );
  signal?.throwIfAborted();
  const [first, ...others] = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  await Promise.all(others.map(({ device }) => device.close()));
  if (first !== undefined) return first;
  throw new AircrateError("unreachable", "no device was found", {
    reason: `nothing of AuterionOS answers at ${DEFAULT_ADDRESSES.join(", ")}`,
    hint: FIND_HINT,
  });
}

async function open(device: Device, signal: AbortSignal | undefined): Promise<Updater> {
  try {
    return await openUpdater(device, signal);
  } catch (error) {
    await device.close();
    throw error;
  }
}
