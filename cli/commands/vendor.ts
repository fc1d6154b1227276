import { type Command, JSON_OPTION } from "../command.ts";
import { NETWORK_OPTIONS, type NetworkArguments } from "../network.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";

export interface VendorArguments extends NetworkArguments, ProgressArguments {
  dir: string;
  output?: string;
  format?: "tar" | "dir";
  json: boolean;
}

export const vendorCommand: Command<VendorArguments> = {
  about: "The same lock gives the same file.",
  positionals: { dir: { default: ".", value: "FOLDER", describe: "Folder with aircrate.lock" } },
  options: {
    output: {
      short: "o",
      value: "FILE",
      describe: "File or folder to write",
      defaultDescription: "build/bases.tar in the project's folder",
    },
    format: {
      choices: ["tar", "dir"],
      describe: "OCI image layout in a tar file or a folder",
      defaultDescription: "dir for a folder or NAME/, else tar",
    },
    ...PROGRESS_OPTIONS,
    ...JSON_OPTION,
    ...NETWORK_OPTIONS,
  },
  examples: [
    ["aircrate vendor -o bases.tar", "where there is a network"],
    ["aircrate build --locked --offline --vendor bases.tar", "where there is none"],
  ],
  action: () => import("../actions/vendor.ts"),
};
