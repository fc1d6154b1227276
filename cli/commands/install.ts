import { INSTALL_LIMIT_S } from "../../lib/device/protocol.ts";
import { type Command, JSON_OPTION } from "../command.ts";
import { DEVICE_OPTIONS, type DeviceArguments } from "../device.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";

export interface InstallArguments extends DeviceArguments, ProgressArguments {
  file: string;
  verify: boolean;
  wait: number;
  json: boolean;
}

export const installCommand: Command<InstallArguments> = {
  about: "Proves the file, sends it and follows the installation to its end.",
  positionals: { file: { required: true, value: "FILE", describe: ".auterionos file" } },
  options: {
    verify: { type: "boolean", default: true, describe: "Leave it to the device to verify the file" },
    wait: {
      type: "number",
      value: "SECONDS",
      default: INSTALL_LIMIT_S,
      describe: "Time from the end of the upload until the device has to be done",
    },
    ...PROGRESS_OPTIONS,
    ...JSON_OPTION,
    ...DEVICE_OPTIONS,
  },
  examples: [
    ["aircrate install app-1.0.0.auterionos", "install on the device that is connected"],
    ["aircrate install app-1.0.0.auterionos --device 10.41.1.1", "install on another one"],
  ],
  action: () => import("../actions/install.ts"),
};
