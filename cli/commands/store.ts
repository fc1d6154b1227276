import type { Argv } from "yargs";
import { AircrateError } from "../../lib/error.ts";
import type { Store } from "../../lib/store/layout.ts";
import { addCommand, type Command } from "../command.ts";
import { storeFolder } from "../environment.ts";

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
  run: async () => {},
};

interface JsonArgument {
  json: boolean;
}

const JSON_OPTION = { json: { type: "boolean", default: false, describe: "Print the report as JSON" } } as const;

const listCommand: Command<JsonArgument> = {
  command: "ls",
  describe: "Show what is in the store",
  builder: (yargs) => yargs.options(JSON_OPTION),
  run: async ({ json }) => {
    const { listStore } = await import("../../lib/store/list.ts");
    const listing = await listStore(await openedStore());
    await show(listing, json, (ui) => ui.renderListing(listing));
  },
};

const verifyCommand: Command<JsonArgument> = {
  command: "verify",
  describe: "Check every blob against its digest; damaged ones are set aside",
  builder: (yargs) => yargs.options(JSON_OPTION),
  run: async ({ json }) => {
    const { verifyStore } = await import("../../lib/store/verify.ts");
    const verification = await verifyStore(await openedStore());
    const { store, problems } = verification;
    if (json || problems.length === 0) await show(verification, json, (ui) => ui.renderVerification(verification));
    if (problems.length === 0) return;
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new AircrateError("integrity", `the store had ${count}`, {
      where: store,
      reason: problems.map(({ where, message }) => `${where}: ${message}`),
      hint: "what was wrong is not used any more; the next build fetches or packs it anew",
    });
  },
};

interface PruneArguments extends JsonArgument {
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
          type: "string",
          array: true,
          requiresArg: true,
          nargs: 1,
          default: [] as string[],
          defaultDescription: "none",
          describe: "Keep the images that this lock file names, and no other ones; may be repeated",
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
  run: async (args) => {
    const { pruneStore } = await import("../../lib/store/prune.ts");
    const { parseDuration, parseSize } = await import("../../lib/store/units.ts");
    const olderThan = args["older-than"];
    const maxSize = args["max-size"];
    const locks = args["keep-lock"];
    const { readLocked } = await import("../../lib/store/locked.ts");
    const options = {
      ...(locks.length > 0 && { locked: await readLocked(locks) }),
      ...(olderThan !== undefined && { olderThan: parseDuration(olderThan) }),
      ...(maxSize !== undefined && { maxSize: parseSize(maxSize) }),
      dryRun: args["dry-run"],
    };
    const report = await pruneStore(await openedStore(), options);
    await show(report, args.json, (ui) => ui.renderPruned(report));
  },
};

interface ImportArguments extends JsonArgument {
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
  run: async (args) => {
    const { importFiles } = await import("../../lib/import/import.ts");
    const report = await importFiles(args.files, {
      store: storeFolder(process.env),
      ...(args.as !== undefined && { as: args.as }),
    });
    await show(report, args.json, (ui) => ui.renderImport(report));
  },
};

async function openedStore(): Promise<Store> {
  const { findStore } = await import("../../lib/store/survey.ts");
  return findStore(storeFolder(process.env));
}

type Ui = typeof import("../ui/store.ts");

async function show(document: object, json: boolean, render: (ui: Ui) => string): Promise<void> {
  if (json) {
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const { print } = await import("../ui/text.ts");
  print(render(await import("../ui/store.ts")));
}
