import type { Command } from "../command.ts";
import { NETWORK_OPTIONS, type NetworkArguments } from "../network.ts";

export interface LockArguments extends NetworkArguments {
  dir: string;
  update?: string[];
  simulation: boolean;
  json: boolean;
}

export const lockCommand: Command<LockArguments> = {
  command: "lock [dir]",
  describe: "Write aircrate.lock: what each reference of a project stands for, and its remote files",
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
  action: () => import("../actions/lock.ts"),
};
