import { UpdaterVersion, UpdateStatus } from "../../spec/device.ts";
import { AircrateError } from "../error.ts";
import { type Device, type DeviceAnswer, type DeviceRequest, readAnswer } from "./connection.ts";
import { OLDEST_UPDATER, PING_MS, STATUS_MS, UPDATER, VERSION_MS } from "./protocol.ts";

/** The part of a device that installs. */
export interface Updater {
  readonly device: Device;
  /** Its API version, as it stands in paths. Another one may come up when the device starts anew. */
  version: string;
}

/** @throws AircrateError unreachable; forbidden; device when it is none of AuterionOS */
export async function openUpdater(device: Device, signal?: AbortSignal): Promise<Updater> {
  await ping(device, signal);
  return { device, version: await readVersion(device, signal) };
}

/** Makes sure that this is a device of AuterionOS, without telling it anything. @throws AircrateError as `openUpdater` */
export async function probeUpdater(device: Device, signal?: AbortSignal): Promise<void> {
  await ping(device, signal);
  const answer = await askVersion(device, { anonymous: true, ...(signal && { signal }) });
  if (answer.status !== 401) versionOf(device, answer);
}

async function ping(device: Device, signal: AbortSignal | undefined): Promise<void> {
  for (const path of [`${UPDATER}/ping`, `${UPDATER}/${OLDEST_UPDATER}/ping`]) {
    const { status } = await device.send(path, { timeout: PING_MS, anonymous: true, ...(signal && { signal }) });
    if (status >= 200 && status < 400) return;
  }
  throw new AircrateError("device", "there is no updater of AuterionOS", {
    where: device.address,
    hint: "check that this is the address of an AuterionOS device",
  });
}

async function readVersion(device: Device, signal?: AbortSignal): Promise<string> {
  return versionOf(device, await askVersion(device, { ...(signal && { signal }) }));
}

function askVersion(device: Device, request: Pick<DeviceRequest, "anonymous" | "signal">): Promise<DeviceAnswer> {
  return device.send(`${UPDATER}/version`, { timeout: VERSION_MS, ...request });
}

function versionOf({ address }: Device, answer: DeviceAnswer): string {
  if (answer.status === 404) return OLDEST_UPDATER;
  return readAnswer(UpdaterVersion, answer, { address, what: "the version" }).version;
}

/**
 * Reads the status once. Undefined when there is none: the device does not answer in time or not as it should.
 *
 * @throws AircrateError forbidden; the reason of the signal
 */
export async function readStatus(updater: Updater, signal?: AbortSignal): Promise<string | undefined> {
  const { device, version } = updater;
  try {
    const answer = await device.send(`${UPDATER}/${version}/status`, { timeout: STATUS_MS, ...(signal && { signal }) });
    if (answer.status === 404) updater.version = await readVersion(device, signal);
    if (answer.status !== 200) return undefined;
    const { status_key: key, status } = readAnswer(UpdateStatus, answer, {
      address: device.address,
      what: "the status",
    });
    return key ?? (typeof status === "string" ? status : undefined);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AircrateError && (error.fault === "unreachable" || error.fault === "device")) return undefined;
    throw error;
  }
}
