import type { CacheMode } from "../spec/layer-cache.ts";
import { inGroup } from "./command.ts";
import { NETWORK_OPTIONS, type NetworkArguments } from "./network.ts";

/** The options of every command that pulls images. */
export interface PullingArguments extends NetworkArguments {
  offline: boolean;
  vendor?: string;
}

export const PULLING_OPTIONS = {
  ...inGroup("Networks", {
    offline: { type: "boolean", describe: "Use what is on this machine and ask no registry and no server" },
    vendor: {
      value: "FILE",
      describe: "OCI image layout, tar file or folder, that is asked before the registries and servers",
    },
  }),
  ...NETWORK_OPTIONS,
};

/** The options of every command that makes images. */
export interface MakingArguments extends PullingArguments {
  split: "none" | "auto";
  "max-layer-size"?: string;
  /** A repository, or `off`. */
  cache?: string;
  "cache-mode"?: CacheMode;
}

export const MAKING_OPTIONS = {
  ...inGroup("Layers", {
    split: {
      choices: ["none", "auto"],
      default: "none",
      describe: "Part each layer into dependencies (site-packages, node_modules, lib, vendor) and the rest",
    },
    "max-layer-size": {
      value: "SIZE",
      defaultDescription: "64GiB",
      describe: "Largest plain size of a pulled layer, as 500MB or 2GiB",
    },
    cache: {
      value: "REPOSITORY",
      negated: "off",
      defaultDescription: "AIRCRATE_CACHE, or cache in aircrate.yml",
      describe: "Take layers that others have packed from HOST/REPOSITORY; off or --no-cache for none",
    },
    "cache-mode": {
      choices: ["read", "read-write"],
      defaultDescription: "AIRCRATE_CACHE_MODE, or read",
      describe: "Whether layers that are packed are pushed to the --cache, too",
    },
  }),
  ...PULLING_OPTIONS,
};
