import type { ImageGzip } from "../../lib/archive/image-gzip.ts";
import type { OutputFormat } from "../../lib/build/build.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { type Command, inGroup, JSON_OPTION, REPEATED } from "../command.ts";
import { MAKING_OPTIONS, type MakingArguments } from "../making.ts";
import { PROGRESS_OPTIONS, type ProgressArguments } from "../progress.ts";
import { APP_VERSION, PROJECT_FOLDER } from "../project.ts";

export interface BuildArguments extends MakingArguments, ProgressArguments {
  dir: string;
  output?: string;
  format?: OutputFormat;
  locked: boolean;
  strict: boolean;
  sign?: string;
  simulation: boolean;
  "image-gzip": ImageGzip;
  thin: boolean;
  since: string[];
  "app-version"?: string;
  "unversioned-file": boolean;
  verbose: boolean;
  json: boolean;
}

export const buildCommand: Command<BuildArguments> = {
  positionals: { dir: PROJECT_FOLDER },
  options: {
    ...inGroup("Output", {
      output: {
        short: "o",
        value: "FILE",
        defaultDescription: "a name from the manifest, in build/ of the folder",
        describe: "File to write",
      },
      format: {
        choices: ["auterionos", "docker-archive", "oci"],
        value: "FORM",
        defaultDescription: "auterionos when there is an auterion-app.yml, else docker-archive",
        describe: "Form of the file: auterionos, docker-archive or oci",
      },
      "unversioned-file": { type: "boolean", describe: "Leave the version out of the file name" },
      ...PROGRESS_OPTIONS,
      verbose: { type: "boolean", short: "v", describe: "List the layers of each image in the report" },
      ...JSON_OPTION,
    }),
    ...inGroup("Application", {
      simulation: { type: "boolean", describe: "Build for the simulation, linux/amd64" },
      ...APP_VERSION,
      sign: {
        value: "FILE",
        describe: "Sign with this private key in PEM, RSA or ECDSA P-256; - reads it from stdin",
      },
      "image-gzip": {
        choices: ["members", "single"],
        default: "members",
        describe: "Pack the images as a row of gzip members, or as one for devices that read no further",
      },
    }),
    ...inGroup("Thin updates", {
      since: {
        ...REPEATED,
        value: "FILE",
        describe: "Package of an earlier version: leave out what it put on the device, and go onto that version only",
      },
      thin: { type: "boolean", describe: "Leave out the layers of the auterion-app-base, which the device has" },
    }),
    ...inGroup("Checks", {
      locked: {
        type: "boolean",
        describe: "Refuse to build when aircrate.lock is missing or does not fit the project",
      },
      strict: { type: "boolean", describe: "Build only what aircrate check --strict finds nothing wrong with" },
    }),
    ...MAKING_OPTIONS,
  },
  examples: [
    ["aircrate build", "build the project in this folder"],
    ["aircrate build my-app -o app.auterionos", "build another folder into a file of this name"],
    ["aircrate build --locked --offline", "build what the lock says, of what is on this machine"],
    ["aircrate build --since app-1.0.auterionos", "build an update for devices that have version 1.0"],
    ["aircrate build --mirror docker.io=127.0.0.1:5000", "pull from a mirror of Docker Hub"],
  ],
  async action() {
    // Threads start beside the loading of all the rest.
    const pool = createWorkPool();
    pool.warm();
    const { run } = await import("../actions/build.ts");
    return { run: (args) => run(args, pool) };
  },
};
