import type { Command } from "../command.ts";
import { NETWORK_OPTIONS, type NetworkArguments } from "../network.ts";

export interface VendorArguments extends NetworkArguments {
  dir: string;
  output?: string;
  format?: "tar" | "dir";
  json: boolean;
}

export const vendorCommand: Command<VendorArguments> = {
  command: "vendor [dir]",
  describe: "Write all that aircrate.lock names into one file, for machines without a network",
  builder: (yargs) =>
    yargs
      .positional("dir", { type: "string", default: ".", describe: "Folder with aircrate.lock" })
      .options({
        output: {
          alias: "o",
          type: "string",
          requiresArg: true,
          describe: "File or folder to write [default: build/bases.tar in the project's folder]",
        },
        format: {
          choices: ["tar", "dir"] as const,
          describe: "OCI image layout in a tar file or a folder [default: dir for a folder or NAME/, else tar]",
        },
        ...NETWORK_OPTIONS,
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
      })
      .example("$0 vendor -o bases.tar", "where there is a network")
      .example("$0 build --locked --offline --vendor bases.tar", "where there is none"),
  action: () => import("../actions/vendor.ts"),
};
