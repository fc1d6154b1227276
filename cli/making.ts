import { NETWORK_OPTIONS, type NetworkArguments } from "./network.ts";

/** The options of every command that makes images. */
export interface MakingArguments extends NetworkArguments {
  offline: boolean;
  vendor?: string;
  split: "none" | "auto";
  "max-layer-size"?: string;
}

export const MAKING_OPTIONS = {
  ...NETWORK_OPTIONS,
  offline: {
    type: "boolean",
    default: false,
    describe: "Use what is on this machine and ask no registry and no server",
  },
  vendor: {
    type: "string",
    requiresArg: true,
    describe: "OCI image layout, tar file or folder, that is asked before the registries and servers",
  },
  split: {
    choices: ["none", "auto"],
    default: "none",
    describe: "Part each layer into dependencies (site-packages, node_modules, lib, vendor) and the rest",
  },
  "max-layer-size": {
    type: "string",
    requiresArg: true,
    describe: "Largest plain size of a pulled layer, as 500MB or 2GiB [default: 64GiB]",
  },
} as const;
