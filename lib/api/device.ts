import type { InstallReport } from "../../spec/device-reports.ts";
import { abortable } from "../abort.ts";
import type { InstallEvent } from "../device/install.ts";
import { AircrateError } from "../error.ts";
import { environmentOf, type Settings } from "./settings.ts";

export interface InstallOptions extends Settings {
  /** HOST or HOST:PORT; default: `AUTERION_DEVICE_ADDRESS`, else the first of the usual addresses that answers. */
  readonly device?: string;
  /** Gives the device's password, when it asks for one. */
  readonly password?: () => string | Promise<string>;
  /** Proves the file first, as {@link verify} does; default true. */
  readonly verify?: boolean;
  /** Seconds from the end of the upload until the device has to be done, up to a day; default 1800. */
  readonly wait?: number;
  /** Is told what happens, at once and in order. It must not throw. */
  readonly onEvent?: (event: InstallEvent) => void;
}

/**
 * Installs an `.auterionos` file on a device. The signal has the device take it back, where its updater can.
 *
 * @throws AircrateError unreachable, forbidden, device, integrity, input, usage
 */
export function install(file: string, options: InstallOptions = {}): Promise<InstallReport> {
  return abortable(options.signal, async () => {
    const { signal, onEvent } = options;
    const { DAY, within } = await import("../range.ts");
    const { INSTALL_LIMIT_S } = await import("../device/protocol.ts");
    const wait = within(options.wait ?? INSTALL_LIMIT_S, "wait", { from: 0.001, to: DAY });
    if (options.verify !== false) await requireInstallable(file, signal);
    const { installFile } = await import("../device/install.ts");
    const updater = await findUpdater(options);
    try {
      return await installFile(file, updater, { wait, ...(signal && { signal }), ...(onEvent && { onEvent }) });
    } finally {
      await updater.device.close();
    }
  });
}

async function requireInstallable(file: string, signal: AbortSignal | undefined): Promise<void> {
  const { verifyFile } = await import("../verify/verify.ts");
  const { requireInstallable } = await import("../verify/prove.ts");
  requireInstallable(await verifyFile(file, { signal }));
}

async function findUpdater(options: InstallOptions) {
  const { parseDeviceAddress } = await import("../device/address.ts");
  const { findDevice } = await import("../device/find.ts");
  const { VERSION } = await import("../version.ts");
  const { signal, password = noPassword } = options;
  const address = options.device ?? (environmentOf(options).AUTERION_DEVICE_ADDRESS || undefined);
  return findDevice({
    ...{ userAgent: `aircrate/${VERSION}`, password: async () => password() },
    ...(signal && { signal }),
    ...(address !== undefined && { address: parseDeviceAddress(address) }),
  });
}

function noPassword(): never {
  throw new AircrateError("forbidden", "the device asks for a password", { hint: "give one with `password`" });
}
