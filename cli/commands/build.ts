import type { BuildOptions, OutputFormat } from "../../lib/build/build.ts";
import type { Command } from "../command.ts";
import { sourceDateEpoch, storeFolder } from "../environment.ts";
import { NETWORK_OPTIONS, type NetworkArguments, registryAccess, showRetry } from "../network.ts";
import { Interrupted } from "../ui/error.ts";

interface BuildArguments extends NetworkArguments {
  dir: string;
  output?: string;
  format?: OutputFormat;
  offline: boolean;
  locked: boolean;
  simulation: boolean;
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
        offline: { type: "boolean", default: false, describe: "Use what the store has and ask no registry" },
        locked: { type: "boolean", default: false, describe: "Refuse references that are not pinned by a digest" },
        simulation: { type: "boolean", default: false, describe: "Build for the simulation, linux/amd64" },
        "app-version": { type: "string", requiresArg: true, describe: "Version instead of the manifest's" },
        "unversioned-file": { type: "boolean", default: false, describe: "Leave the version out of the file name" },
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
      })
      .example("$0 build", "build the project in this folder")
      .example("$0 build app -o app.auterionos", "build another folder into a file of this name")
      .example("$0 build --mirror docker.io=127.0.0.1:5000", "pull from a mirror of Docker Hub"),
  run: async (args) => {
    const { build } = await import("../../lib/build/build.ts");
    const options: BuildOptions = {
      dir: args.dir,
      store: storeFolder(process.env),
      ...(args.output !== undefined && { output: args.output }),
      ...(args.format !== undefined && { format: args.format }),
      ...(args["app-version"] !== undefined && { appVersion: args["app-version"] }),
      unversionedFile: args["unversioned-file"],
      registry: await registryAccess(args, process.env),
      offline: args.offline,
      locked: args.locked,
      simulation: args.simulation,
      epoch: sourceDateEpoch(process.env),
      onEvent: (event) => {
        if (event.kind === "retry") showRetry(event);
      },
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

/**
 * Lets a signal stop the task in order, so that no half-written file stays behind. One that comes when the task is done
 * changes nothing any more: the file is there, and the process is about to end. A second one ends it at once.
 */
async function withSignals<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => controller.abort(new Interrupted(signal)));
  }
  return task(controller.signal);
}
