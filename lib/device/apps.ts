import { DeviceAppList, DeviceIdentity } from "../../spec/device.ts";
import type { DeviceReport } from "../../spec/device-reports.ts";
import { AircrateError } from "../error.ts";
import { type Device, type DeviceAnswer, type DeviceRequest, readAnswer } from "./connection.ts";
import { type ANSWER_LIMIT, APPS, type AppAction, SYSINFO } from "./protocol.ts";

/** Seconds that a container gets to stop when it is started anew: the time that Docker gives. */
const STOP_TIMEOUT_S = 10;
/** Milliseconds for an action: several containers stop one after the other. */
const ACTION_MS = 120_000;

/**
 * Tells what a device is and which applications it has.
 *
 * @throws AircrateError unreachable, forbidden, device; the reason of the signal
 */
export async function describeDevice(device: Device, signal?: AbortSignal): Promise<DeviceReport> {
  const { address } = device;
  const identity = await ask(device, `${SYSINFO}/device`, { signal });
  const list = await ask(device, `${APPS}/apps`, { signal });
  const { uuid, auterion_os: auterionOs } = readAnswer(DeviceIdentity, identity, { address, what: "who it is" });
  const listed = readAnswer(DeviceAppList, list, { address, what: "its applications" });
  const apps = Array.isArray(listed) ? listed : listed.apps;
  return {
    version: 1,
    address,
    ...(uuid !== undefined && { uuid }),
    ...(auterionOs !== undefined && { auterionOs }),
    apps: apps.map(({ name, version, status, services = [] }) => ({
      name,
      ...(version !== undefined && { version }),
      ...(status !== undefined && { status }),
      services: services.map((one) => ({
        ...(one.name !== undefined && { name: one.name }),
        ...(one.status !== undefined && { status: one.status }),
      })),
    })),
  };
}

/**
 * The logs of an application, as the device gives them.
 *
 * @param options `tail`: how many lines from the end, or `all`
 * @throws AircrateError unreachable also when there is no such application; forbidden; device also when the logs are
 *   larger than {@link ANSWER_LIMIT}; the reason of the signal
 */
export async function readLogs(
  device: Device,
  app: string,
  { tail, signal }: { tail: number | "all"; signal?: AbortSignal },
): Promise<string> {
  try {
    const { bytes } = await ask(device, `${pathOf(app)}/logs?tail=${tail}`, { app, signal });
    return bytes.toString("utf8");
  } catch (error) {
    if (!(error instanceof AircrateError && error.fault === "integrity")) throw error;
    throw new AircrateError("device", `the logs of ${app} are too large`, {
      where: device.address,
      reason: error.what,
      hint: "ask for the last lines with --tail N",
    });
  }
}

/** @throws AircrateError as {@link readLogs} */
export async function changeApp(
  device: Device,
  app: string,
  { action, signal }: { action: AppAction; signal?: AbortSignal },
): Promise<void> {
  const body = action === "restart" ? JSON.stringify({ stop_timeout: STOP_TIMEOUT_S }) : "";
  const headers: Record<string, string> = body === "" ? {} : { "content-type": "application/json" };
  await ask(device, `${pathOf(app)}/${action}`, { app, method: "POST", headers, body, timeout: ACTION_MS, signal });
}

function pathOf(app: string): string {
  return `${APPS}/apps/${encodeURIComponent(app)}`;
}

async function ask(
  device: Device,
  path: string,
  { app, signal, ...request }: Omit<DeviceRequest, "signal"> & { app?: string; signal: AbortSignal | undefined },
): Promise<DeviceAnswer> {
  const answer = await device.send(path, { ...request, ...(signal && { signal }) });
  const { status } = answer;
  if (status >= 200 && status < 300) return answer;
  const where = device.address;
  if (status === 401 || status === 403) {
    throw new AircrateError("forbidden", "the device does not allow it", { where, reason: `it answers ${status}` });
  }
  if (status === 404 && app !== undefined) {
    throw new AircrateError("unreachable", `the device has no application ${app}`, {
      where,
      hint: "aircrate device lists those that it has",
    });
  }
  throw new AircrateError("device", "the device does not do it", {
    where,
    reason: `it answers ${status} to ${path.split("?")[0]}`,
  });
}
