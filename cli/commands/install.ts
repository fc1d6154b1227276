import { INSTALL_LIMIT_S } from "../../lib/device/protocol.ts";
import type { Command } from "../command.ts";
import { DEVICE_OPTIONS, type DeviceArguments } from "../device.ts";

export interface InstallArguments extends DeviceArguments {
  file: string;
  verify: boolean;
  wait: number;
  json: boolean;
}

export const installCommand: Command<InstallArguments> = {
  command: "install <file>",
  describe: "Install a file on a device",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: ".auterionos file" })
      .options({
        ...DEVICE_OPTIONS,
        verify: {
          type: "boolean",
          default: true,
          describe: "Verify the file first; --no-verify leaves that to the device",
        },
        wait: {
          type: "number",
          requiresArg: true,
          default: INSTALL_LIMIT_S,
          describe: "Seconds from the end of the upload until the device has to be done",
        },
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
      })
      .example("$0 install build/com.example.app-1.0.0.auterionos", "install on the device that is connected"),
  action: () => import("../actions/install.ts"),
};
