import { parseDeviceAddress } from "../lib/device/address.ts";
import { findDevice } from "../lib/device/find.ts";
import type { Updater } from "../lib/device/updater.ts";
import { AircrateError } from "../lib/error.ts";
import { VERSION } from "../lib/version.ts";
import type { DeviceArguments } from "./device.ts";
import { readPassword } from "./password.ts";
import { ask } from "./ui/prompt.ts";

/** Finds the device that is meant. It has to be closed. @throws AircrateError usage; as `findDevice` */
export async function openUpdaterFor(
  args: DeviceArguments,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Updater> {
  const address = args.device ?? (env.AUTERION_DEVICE_ADDRESS || undefined);
  return findDevice({
    userAgent: `aircrate/${VERSION}`,
    password: () => password(args),
    signal,
    ...(address !== undefined && { address: parseDeviceAddress(address) }),
  });
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
