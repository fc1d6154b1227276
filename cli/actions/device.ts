import { changeApp, describeDevice, readLogs } from "../../lib/device/apps.ts";
import type { Device } from "../../lib/device/connection.ts";
import type { AppAction } from "../../lib/device/protocol.ts";
import { AircrateError } from "../../lib/error.ts";
import type { AppArguments, DescribeArguments, LogsArguments } from "../commands/device.ts";
import type { DeviceArguments } from "../device.ts";
import { openUpdaterFor } from "../device-access.ts";
import { withSignals } from "../signals.ts";
import { renderDevice } from "../ui/device.ts";
import { print, printJson } from "../ui/text.ts";

export async function describe(args: DescribeArguments): Promise<void> {
  const report = await withDevice(args, describeDevice);
  if (args.json) printJson(report);
  else print(renderDevice(report));
}

export async function logs(args: LogsArguments): Promise<void> {
  const tail = args.tail === "all" ? "all" : Number(/^\d{1,9}$/.exec(args.tail)?.[0]);
  if (Number.isNaN(tail)) throw new AircrateError("usage", "--tail is neither a number of lines nor all");
  const text = await withDevice(args, (device, signal) => readLogs(device, args.app, { tail, signal }));
  print(text === "" || text.endsWith("\n") ? text : `${text}\n`);
}

export async function change(args: AppArguments, action: AppAction): Promise<void> {
  await withDevice(args, (device, signal) => changeApp(device, args.app, { action, signal }));
  print(`${args.app}: ${action} is done\n`);
}

function withDevice<T>(args: DeviceArguments, task: (device: Device, signal: AbortSignal) => Promise<T>): Promise<T> {
  return withSignals(async (signal) => {
    const { device } = await openUpdaterFor(args, process.env, signal);
    try {
      return await task(device, signal);
    } finally {
      await device.close();
    }
  });
}
