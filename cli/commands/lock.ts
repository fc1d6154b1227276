import type { Command } from "../command.ts";
import { storeFolder } from "../environment.ts";
import { NETWORK_OPTIONS, type NetworkArguments, registryAccess } from "../network.ts";
import { withSignals } from "../signals.ts";

interface LockArguments extends NetworkArguments {
  dir: string;
  update?: string[];
  simulation: boolean;
  json: boolean;
}

export const lockCommand: Command<LockArguments> = {
  command: "lock [dir]",
  describe: "Write aircrate.lock: what each reference of a project stands for",
  builder: (yargs) =>
    yargs
      .positional("dir", { type: "string", default: ".", describe: "Folder with auterion-app.yml or aircrate.yml" })
      .options({
        update: {
          type: "string",
          array: true,
          describe: "Ask anew for what is locked: for these references, or for all",
        },
        ...NETWORK_OPTIONS,
        simulation: { type: "boolean", default: false, describe: "Lock for the simulation, linux/amd64, too" },
        json: { type: "boolean", default: false, describe: "Print what changed as JSON" },
      })
      .example("$0 lock", "lock what is not locked yet, drop what is not used any more")
      .example("$0 lock --update", "move every reference to what its tag leads to now")
      .example("$0 lock app --update python:3.11-slim", "move one, in another folder"),
  run: async (args) => {
    const { lockProject } = await import("../../lib/lock/lock.ts");
    const options = {
      dir: args.dir,
      store: storeFolder(process.env),
      registry: await registryAccess(args, process.env),
      simulation: args.simulation,
      ...(args.update !== undefined && { update: args.update }),
    };
    const report = await withSignals((signal) => lockProject({ ...options, signal }));
    if (args.json) {
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      return;
    }
    const { renderLock } = await import("../ui/lock.ts");
    const { print, warn } = await import("../ui/text.ts");
    print(renderLock(report));
    for (const warning of report.warnings) warn(warning);
  },
};
