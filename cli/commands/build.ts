import type { BuildOptions, OutputFormat } from "../../lib/build/build.ts";
import type { Command } from "../command.ts";
import { sourceDateEpoch, storeFolder } from "../environment.ts";
import { NETWORK_OPTIONS, type NetworkArguments, registryAccess } from "../network.ts";
import { withSignals } from "../signals.ts";
import { parseSize } from "../size.ts";

interface BuildArguments extends NetworkArguments {
  dir: string;
  output?: string;
  format?: OutputFormat;
  offline: boolean;
  locked: boolean;
  vendor?: string;
  simulation: boolean;
  "max-layer-size"?: string;
  "app-version"?: string;
  "unversioned-file": boolean;
  json: boolean;
}

export const buildCommand: Command<BuildArguments> = {
  command: "build [dir]",
  describe: "Build a project into one file",
  builder: (yargs) =>
    yargs
      .positional("dir", { type: "string", default: ".", describe: "Folder with auterion-app.yml or aircrate.yml" })
      .options({
        output: { alias: "o", type: "string", requiresArg: true, describe: "File to write" },
        format: {
          choices: ["auterionos", "docker-archive", "oci"] as const,
          describe: "Form of the file [default: auterionos when there is an auterion-app.yml, else docker-archive]",
        },
        ...NETWORK_OPTIONS,
        offline: { type: "boolean", default: false, describe: "Use what is on this machine and ask no registry" },
        locked: {
          type: "boolean",
          default: false,
          describe: "Refuse to build when aircrate.lock is missing or does not fit the project",
        },
        vendor: {
          type: "string",
          requiresArg: true,
          describe: "OCI image layout, tar file or folder, that is asked before the registries",
        },
        simulation: { type: "boolean", default: false, describe: "Build for the simulation, linux/amd64" },
        "max-layer-size": {
          type: "string",
          requiresArg: true,
          describe: "Largest plain size of a pulled layer, as 500MB or 2GiB [default: 64GiB]",
        },
        "app-version": { type: "string", requiresArg: true, describe: "Version instead of the manifest's" },
        "unversioned-file": { type: "boolean", default: false, describe: "Leave the version out of the file name" },
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
      })
      .example("$0 build", "build the project in this folder")
      .example("$0 build app -o app.auterionos", "build another folder into a file of this name")
      .example("$0 build --mirror docker.io=127.0.0.1:5000", "pull from a mirror of Docker Hub"),
  run: async (args) => {
    const { createWorkPool } = await import("../../lib/workers/pool.ts");
    // They start beside the loading of all the rest.
    const pool = createWorkPool();
    pool.warm();
    const { build } = await import("../../lib/build/build.ts");
    const options: BuildOptions = {
      dir: args.dir,
      pool,
      store: storeFolder(process.env),
      ...(args.output !== undefined && { output: args.output }),
      ...(args.format !== undefined && { format: args.format }),
      ...(args["app-version"] !== undefined && { appVersion: args["app-version"] }),
      unversionedFile: args["unversioned-file"],
      registry: await registryAccess(args, process.env),
      offline: args.offline,
      locked: args.locked,
      ...(args.vendor !== undefined && { vendor: args.vendor }),
      simulation: args.simulation,
      epoch: sourceDateEpoch(process.env),
      ...(args["max-layer-size"] !== undefined && { maxLayerSize: parseSize(args["max-layer-size"]) }),
    };
    const report = await withSignals((signal) => build({ ...options, signal }));
    if (args.json) {
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      return;
    }
    const { renderReport } = await import("../ui/report.ts");
    const { print, warn } = await import("../ui/text.ts");
    print(renderReport(report));
    for (const warning of report.warnings) warn(warning);
  },
};
