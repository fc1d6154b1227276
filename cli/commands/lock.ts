import type { Command } from "../command.ts";
import { NETWORK_OPTIONS, type NetworkArguments } from "../network.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";
import { PROJECT_FOLDER } from "../project.ts";

export interface LockArguments extends NetworkArguments, ProgressArguments {
  dir: string;
  update?: string[];
  simulation: boolean;
  json: boolean;
}

export const lockCommand: Command<LockArguments> = {
  about:
    "Writes aircrate.lock: the manifest, config and layers of each reference, and the remote files. What is locked stays.",
  positionals: { dir: PROJECT_FOLDER },
  options: {
    update: {
      list: true,
      value: "REFERENCE",
      describe: "Ask anew for what is locked: for these references, or for all",
    },
    simulation: { type: "boolean", describe: "Lock for the simulation, linux/amd64, too" },
    ...PROGRESS_OPTIONS,
    json: { type: "boolean", describe: "Print what changed as JSON" },
    ...NETWORK_OPTIONS,
  },
  examples: [
    ["aircrate lock", "lock what is not locked yet, drop what is not used any more"],
    ["aircrate lock --update", "move every reference to what its tag leads to now"],
    ["aircrate lock my-app --update python:3.11-slim", "move one, in another folder"],
  ],
  action: () => import("../actions/lock.ts"),
};
