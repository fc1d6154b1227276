import type { InstallReport } from "../../spec/device-reports.ts";
import { AircrateError } from "../error.ts";
import { followInstallation } from "./follow.ts";
import { openForm } from "./form.ts";
import { NEED_POWER_CYCLE, UPDATER } from "./protocol.ts";
import type { Updater } from "./updater.ts";
import { uploadArtifact } from "./upload.ts";

/** What happens on the way, for whoever shows it. */
export type InstallEvent =
  /** Bytes of the file that were sent, of all. */
  | { readonly kind: "upload"; readonly sent: number; readonly size: number }
  /** A new word of the device. */
  | { readonly kind: "status"; readonly status: string }
  /** The signal came: whether the device takes the file back. */
  | { readonly kind: "cancel"; readonly accepted: boolean };

export interface InstallOptions {
  /** Seconds from the end of the upload until the device has to be done. */
  readonly wait: number;
  readonly onEvent?: (event: InstallEvent) => void;
  /** Cancels the installation on the device. */
  readonly signal?: AbortSignal;
}

/**
 * Installs a finished artifact, which is not looked into here: sends it as one stream and follows the installation to its
 * end. Memory does not grow with the file.
 *
 * @throws AircrateError as `uploadArtifact` and `followInstallation`; the reason of the signal
 */
export async function installFile(file: string, updater: Updater, options: InstallOptions): Promise<InstallReport> {
  const { wait, onEvent = () => {}, signal } = options;
  const form = await openForm(file, "file");
  const limit = wait * 1000;
  const onStatus = (status: string) => onEvent({ kind: "status", status });
  const onBytes = (sent: number) => onEvent({ kind: "upload", sent, size: form.fileSize });
  const shared = { onStatus, ...(signal && { signal }) };
  const start = performance.now();
  try {
    const { done, end } = await uploadArtifact(updater, form, { ...shared, onBytes, limit });
    const status = done ? undefined : await followInstallation(updater, { ...shared, deadline: end + limit });
    return {
      version: 1,
      file,
      size: form.fileSize,
      device: { address: updater.device.address, updater: updater.version },
      upload: Math.round(end - start),
      installation: Math.round(performance.now() - end),
      ...(status !== undefined && { status }),
      powerCycle: status === NEED_POWER_CYCLE,
    };
  } catch (error) {
    if (signal?.aborted) onEvent({ kind: "cancel", accepted: await cancel(updater) });
    throw error;
  } finally {
    await form.close();
  }
}

/** Whether the device takes the installation back. One that is too old for that, or is not there, does not. */
async function cancel({ device, version }: Updater): Promise<boolean> {
  try {
    return (await device.send(`${UPDATER}/${version}/rollback`, { method: "POST" })).status === 200;
  } catch (error) {
    if (error instanceof AircrateError) return false;
    throw error;
  }
}
