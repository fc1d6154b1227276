import type { Argv } from "yargs";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { addCommand, type Command, REPEATED } from "../command.ts";
import { MAKING_OPTIONS, type MakingArguments } from "../making.ts";

/** What `docker image` does, with the store in the place of a daemon's images. */
export const imageCommand: Command<object> = {
  command: "image",
  describe: "Build single images into the store and look after them: build, ls, rm, tag",
  builder: (yargs: Argv) => {
    addCommand(yargs, buildCommand);
    addCommand(yargs, listCommand);
    addCommand(yargs, removeCommand);
    addCommand(yargs, tagCommand);
    return yargs.demandCommand(1, "name a command for images: build, ls, rm or tag");
  },
  // Never reached without a command for images.
  action: async () => ({ run: async () => {} }),
};

export interface ImageBuildArguments extends MakingArguments {
  context: string;
  tag: string[];
  file?: string;
  platform: string;
  "build-arg": string[];
  target?: string;
  quiet: boolean;
  json: boolean;
}

/** What Docker needs to be told, and what follows by itself here. */
const WITHOUT_EFFECT = {
  // Of --no-cache.
  cache: { type: "boolean", hidden: true },
  "force-rm": { type: "boolean", hidden: true },
  load: { type: "boolean", hidden: true },
  progress: { type: "string", hidden: true },
  rm: { type: "boolean", hidden: true },
} as const;

const buildCommand: Command<ImageBuildArguments> = {
  command: "build <context>",
  describe: "Make the image of a Dockerfile and give it a local tag",
  builder: (yargs) =>
    yargs
      .positional("context", {
        type: "string",
        demandOption: true,
        describe: "Folder that the Dockerfile copies from",
      })
      .options({
        tag: {
          ...{ alias: "t", type: "string", array: true, requiresArg: true, nargs: 1, demandOption: true },
          describe: "Name of the image, as NAME:TAG; may be repeated",
        },
        file: { alias: "f", type: "string", requiresArg: true, describe: "Dockerfile [default: CONTEXT/Dockerfile]" },
        platform: { type: "string", requiresArg: true, default: "linux/arm64", describe: "What the image runs on" },
        "build-arg": {
          ...REPEATED,
          describe: "Value for an ARG, as KEY=VALUE, or KEY for that of the environment; may be repeated",
        },
        target: { type: "string", requiresArg: true, describe: "Stage to build [default: the last one]" },
        ...MAKING_OPTIONS,
        quiet: { alias: "q", type: "boolean", default: false, describe: "Print the digest of the config alone" },
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
        ...WITHOUT_EFFECT,
      })
      .example("$0 image build -t gallery-base:1 -f Dockerfile.base .", "FROM gallery-base:1 finds it")
      .example("$0 image build -t camera:2 --build-arg MODE=fast src/camera", "build another folder"),
  async action() {
    // Threads start beside the loading of all the rest.
    const pool = createWorkPool();
    pool.warm();
    const { build } = await import("../actions/image.ts");
    return { run: (args) => build(args, pool) };
  },
};

export interface ImageListArguments {
  json: boolean;
}

const listCommand: Command<ImageListArguments> = {
  command: "ls",
  describe: "Show the images in the store",
  builder: (yargs) =>
    yargs.options({ json: { type: "boolean", default: false, describe: "Print the report as JSON" } }),
  action: async () => ({ run: (await import("../actions/image.ts")).list }),
};

export interface ImageRemoveArguments {
  names: string[];
}

const removeCommand: Command<ImageRemoveArguments> = {
  command: "rm <names..>",
  describe: "Forget names of images; aircrate store prune frees what nobody needs then",
  builder: (yargs) =>
    yargs.positional("names", { type: "string", array: true, demandOption: true, describe: "Names, as NAME:TAG" }),
  action: async () => ({ run: (await import("../actions/image.ts")).remove }),
};

export interface ImageTagArguments {
  old: string;
  new: string;
}

const tagCommand: Command<ImageTagArguments> = {
  command: "tag <old> <new>",
  describe: "Give an image a further name, which is local",
  builder: (yargs) =>
    yargs
      .positional("old", { type: "string", demandOption: true, describe: "Name that it has, as NAME:TAG" })
      .positional("new", { type: "string", demandOption: true, describe: "Name that it gets, too, as NAME:TAG" }),
  action: async () => ({ run: (await import("../actions/image.ts")).tag }),
};
