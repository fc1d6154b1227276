import type { Argv } from "yargs";
import { addCommand, type Command, REPEATED } from "../command.ts";

/** The folder of the store is looked after by commands of its own. */
export const storeCommand: Command<object> = {
  command: "store",
  describe: "Look after the blob store: ls, verify, prune, import",
  builder: (yargs: Argv) => {
    addCommand(yargs, listCommand);
    addCommand(yargs, verifyCommand);
    addCommand(yargs, pruneCommand);
    addCommand(yargs, importCommand);
    return yargs.demandCommand(1, "name a command of the store: ls, verify, prune or import");
  },
  // Never reached without a command of the store.
  action: async () => ({ run: async () => {} }),
};

export interface JsonArgument {
  json: boolean;
}

const JSON_OPTION = { json: { type: "boolean", default: false, describe: "Print the report as JSON" } } as const;

const listCommand: Command<JsonArgument> = {
  command: "ls",
  describe: "Show what is in the store",
  builder: (yargs) => yargs.options(JSON_OPTION),
  action: async () => ({ run: (await import("../actions/store.ts")).list }),
};

const verifyCommand: Command<JsonArgument> = {
  command: "verify",
  describe: "Check every blob against its digest; damaged ones are set aside",
  builder: (yargs) => yargs.options(JSON_OPTION),
  action: async () => ({ run: (await import("../actions/store.ts")).verify }),
};

export interface PruneArguments extends JsonArgument {
  "keep-lock": string[];
  "older-than"?: string;
  "max-size"?: string;
  "dry-run": boolean;
}

const pruneCommand: Command<PruneArguments> = {
  command: "prune",
  describe: "Remove what is not needed; without options only what nobody can use",
  builder: (yargs) =>
    yargs
      .options({
        "keep-lock": {
          ...REPEATED,
          describe: "Keep the images and remote files that this lock file names, and no other images; may be repeated",
        },
        "older-than": {
          type: "string",
          requiresArg: true,
          describe: "Remove what was not used for this long, as 30d, 12h or 90m",
        },
        "max-size": {
          type: "string",
          requiresArg: true,
          describe: "Remove what was used least recently until the blobs take no more, as 5GB or 5GiB",
        },
        "dry-run": { type: "boolean", default: false, describe: "Show what would go and remove nothing" },
        ...JSON_OPTION,
      })
      .example("$0 store prune --older-than 30d", "remove what was not used for a month")
      .example("$0 store prune --keep-lock app/aircrate.lock", "keep what this project needs"),
  action: async () => ({ run: (await import("../actions/store.ts")).prune }),
};

export interface ImportArguments extends JsonArgument {
  files: string[];
  as?: string;
}

const importCommand: Command<ImportArguments> = {
  command: "import <files..>",
  describe: "Take the images of files into the store, so that builds find them offline",
  builder: (yargs) =>
    yargs
      .positional("files", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "OCI image layouts, docker-archives or .auterionos files, of any origin",
      })
      .options({
        as: {
          type: "string",
          requiresArg: true,
          describe: "Reference for the image, instead of the names in the file",
        },
        ...JSON_OPTION,
      })
      .example("$0 store import python.tar", "as written by docker save, podman save or skopeo copy"),
  action: async () => ({ run: (await import("../actions/store.ts")).importImages }),
};
