import type { DeviceOptions } from "../lib/device/connection.ts";
import type { Updater } from "../lib/device/updater.ts";
import { AircrateError } from "../lib/error.ts";
import { VERSION } from "../lib/version.ts";
import { readPassword } from "./password.ts";
import { ask } from "./ui/prompt.ts";

/** The options of every command that talks to a device. */
export interface DeviceArguments {
  device?: string;
  "password-stdin": boolean;
}

export const DEVICE_OPTIONS = {
  device: {
    type: "string",
    requiresArg: true,
    describe: "Address of the device, as HOST or HOST:PORT; without it the usual ones are tried",
    defaultDescription: "AUTERION_DEVICE_ADDRESS",
  },
  "password-stdin": {
    type: "boolean",
    default: false,
    describe: "Read the device's password from stdin; without it, it is asked for when the device wants it",
  },
} as const;

/** Finds the device that is meant. It has to be closed. @throws AircrateError usage; as `findDevice` */
export async function openUpdaterFor(
  args: DeviceArguments,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Updater> {
  const [{ parseDeviceAddress }, { findDevice }] = await Promise.all([
    import("../lib/device/address.ts"),
    import("../lib/device/find.ts"),
  ]);
  const address = args.device ?? (env.AUTERION_DEVICE_ADDRESS || undefined);
  const options: DeviceOptions = { userAgent: `aircrate/${VERSION}`, password: () => password(args) };
  return findDevice({ ...options, signal, ...(address !== undefined && { address: parseDeviceAddress(address) }) });
}

const PASSWORD_HINT = "pipe the device's password in with --password-stdin";

async function password(args: DeviceArguments): Promise<string> {
  if (!args["password-stdin"] && !process.stdin.isTTY) {
    throw new AircrateError("forbidden", "the device asks for a password", { hint: PASSWORD_HINT });
  }
  const given = args["password-stdin"]
    ? await readPassword(PASSWORD_HINT)
    : await ask("Password of the device: ", { hidden: true });
  if (given === "") throw new AircrateError("usage", "the password is empty", { hint: PASSWORD_HINT });
  return given;
}
