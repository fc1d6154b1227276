import { type Command, type Entry, JSON_OPTION, REPEATED } from "../command.ts";

export interface JsonArgument {
  json: boolean;
}

const listCommand: Command<JsonArgument> = {
  options: JSON_OPTION,
  examples: [["aircrate store ls", "list the references, and what everything weighs"]],
  action: async () => ({ run: (await import("../actions/store.ts")).list }),
};

const verifyCommand: Command<JsonArgument> = {
  about: "What was set aside is fetched or packed again by the next build.",
  options: JSON_OPTION,
  examples: [["aircrate store verify", "read every blob"]],
  action: async () => ({ run: (await import("../actions/store.ts")).verify }),
};

export interface PruneArguments extends JsonArgument {
  "keep-lock": string[];
  "older-than"?: string;
  "max-size"?: string;
  "dry-run": boolean;
}

const pruneCommand: Command<PruneArguments> = {
  about: "Without options, removes only what nobody can use. It may run beside builds.",
  options: {
    "keep-lock": {
      ...REPEATED,
      value: "FILE",
      describe: "Keep the images and remote files that this lock file names, and no other images",
    },
    "older-than": { value: "TIME", describe: "Remove what was not used for this long, as 30d, 12h or 90m" },
    "max-size": {
      value: "SIZE",
      describe: "Remove what was used least recently until the blobs take no more, as 5GB or 5GiB",
    },
    "dry-run": { type: "boolean", describe: "Show what would go and remove nothing" },
    ...JSON_OPTION,
  },
  examples: [
    ["aircrate store prune --older-than 30d", "remove what was not used for a month"],
    ["aircrate store prune --keep-lock my-app/aircrate.lock", "keep what this project needs"],
  ],
  action: async () => ({ run: (await import("../actions/store.ts")).prune }),
};

export interface ImportArguments extends JsonArgument {
  files: string[];
  as?: string;
}

const importCommand: Command<ImportArguments> = {
  positionals: {
    files: {
      many: true,
      required: true,
      value: "FILE",
      describe: "OCI image layouts, docker-archives or .auterionos files, of any origin",
    },
  },
  options: {
    as: { value: "REFERENCE", describe: "Reference for the image, instead of the names in the file" },
    ...JSON_OPTION,
  },
  examples: [
    ["aircrate store import python.tar", "as written by docker save, podman save or skopeo copy"],
    ["aircrate store import layout/ --as python:3.11-slim", "give the image of a layout this name"],
  ],
  action: async () => ({ run: (await import("../actions/store.ts")).importImages }),
};

const COMMANDS: readonly Entry[] = [
  { name: "ls", summary: "Show what is in the store", load: async () => listCommand },
  {
    name: "verify",
    summary: "Check every blob against its digest; damaged ones are set aside",
    load: async () => verifyCommand,
  },
  { name: "prune", summary: "Remove what is not needed", load: async () => pruneCommand },
  {
    name: "import",
    summary: "Take the images of files into the store, so that builds find them offline",
    load: async () => importCommand,
  },
];

/** The folder of the store is looked after by commands of its own. */
export const storeCommand: Command<object> = {
  commands: COMMANDS,
  examples: [
    ["aircrate store ls", "list what is there"],
    ["aircrate store prune --max-size 5GB", "make room"],
  ],
};
