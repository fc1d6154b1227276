import { createWorkPool } from "../../lib/workers/pool.ts";
import { type Command, type Entry, inGroup, JSON_OPTION, REPEATED } from "../command.ts";
import { MAKING_OPTIONS, type MakingArguments } from "../making.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";

export interface ImageBuildArguments extends MakingArguments, ProgressArguments {
  context: string;
  tag: string[];
  file?: string;
  platform: string;
  "build-arg": string[];
  target?: string;
  json: boolean;
}

const describe = "Understood as of Docker, and without effect";

/** What Docker needs to be told, and what follows by itself here. */
const WITHOUT_EFFECT = {
  "force-rm": { type: "boolean", hidden: true, describe },
  load: { type: "boolean", hidden: true, describe },
  rm: { type: "boolean", hidden: true, describe },
} as const;

const buildCommand: Command<ImageBuildArguments> = {
  positionals: { context: { required: true, value: "FOLDER", describe: "Folder that the Dockerfile copies from" } },
  options: {
    ...inGroup("Image", {
      tag: { ...REPEATED, required: true, short: "t", value: "IMAGE", describe: "Name of the image, as NAME:TAG" },
      file: { short: "f", value: "FILE", describe: "Dockerfile", defaultDescription: "CONTEXT/Dockerfile" },
      platform: { default: "linux/arm64", value: "PLATFORM", describe: "What the image runs on" },
      "build-arg": {
        ...REPEATED,
        value: "KEY=VALUE",
        describe: "Value for an ARG, or KEY for that of the environment",
      },
      target: { value: "STAGE", describe: "Stage to build", defaultDescription: "the last one" },
    }),
    ...inGroup("Output", {
      ...PROGRESS_OPTIONS,
      quiet: { ...PROGRESS_OPTIONS.quiet, describe: "Print the digest of the config alone" },
      ...JSON_OPTION,
    }),
    ...MAKING_OPTIONS,
    ...WITHOUT_EFFECT,
  },
  examples: [
    ["aircrate image build -t gallery-base:1 -f Dockerfile.base .", "FROM gallery-base:1 finds it"],
    ["aircrate image build -t camera:2 --build-arg MODE=fast src/camera", "build another folder"],
  ],
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
  options: JSON_OPTION,
  examples: [["aircrate image ls", "list their names, platforms and sizes"]],
  action: async () => ({ run: (await import("../actions/image.ts")).list }),
};

export interface ImageRemoveArguments {
  names: string[];
}

const removeCommand: Command<ImageRemoveArguments> = {
  about: "Frees nothing by itself: aircrate store prune removes what nobody needs then.",
  positionals: { names: { many: true, required: true, value: "IMAGE", describe: "Names, as NAME:TAG" } },
  examples: [["aircrate image rm camera:1 camera:2", "forget both"]],
  action: async () => ({ run: (await import("../actions/image.ts")).remove }),
};

export interface ImageTagArguments {
  old: string;
  new: string;
}

const tagCommand: Command<ImageTagArguments> = {
  positionals: {
    old: { required: true, value: "IMAGE", describe: "Name that it has, as NAME:TAG" },
    new: { required: true, value: "NAME", describe: "Name that it gets, too, as NAME:TAG" },
  },
  examples: [["aircrate image tag camera:2 camera:latest", "both names lead to it"]],
  action: async () => ({ run: (await import("../actions/image.ts")).tag }),
};

const COMMANDS: readonly Entry[] = [
  {
    name: "build",
    summary: "Make the image of a Dockerfile and give it a local tag",
    load: async () => buildCommand,
  },
  { name: "ls", summary: "Show the images in the store", load: async () => listCommand },
  { name: "rm", summary: "Forget names of images", load: async () => removeCommand },
  { name: "tag", summary: "Give an image a further name, which is local", load: async () => tagCommand },
];

/** What `docker image` does, with the store in the place of a daemon's images. */
export const imageCommand: Command<object> = {
  about: "As Docker's commands of these names; build -t, tag, rmi and images are understood, too.",
  commands: COMMANDS,
  examples: [
    ["aircrate image build -t camera:2 src/camera", "build one"],
    ["aircrate image ls", "show what is there"],
  ],
};
