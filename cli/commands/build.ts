import type { ImageGzip } from "../../lib/archive/image-gzip.ts";
import type { OutputFormat } from "../../lib/build/build.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { type Command, REPEATED } from "../command.ts";
import { MAKING_OPTIONS, type MakingArguments } from "../making.ts";

export interface BuildArguments extends MakingArguments {
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
        ...MAKING_OPTIONS,
        locked: {
          type: "boolean",
          default: false,
          describe: "Refuse to build when aircrate.lock is missing or does not fit the project",
        },
        strict: {
          type: "boolean",
          default: false,
          describe: "Build only what `check --strict` finds nothing wrong with",
        },
        sign: {
          type: "string",
          requiresArg: true,
          describe: "Sign with this private key in PEM, RSA or ECDSA P-256; - reads it from stdin",
        },
        simulation: { type: "boolean", default: false, describe: "Build for the simulation, linux/amd64" },
        "image-gzip": {
          choices: ["members", "single"] as const,
          default: "members" as const,
          describe: "Pack the images as a row of gzip members, or as one for devices that read no further",
        },
        thin: {
          type: "boolean",
          default: false,
          describe: "Leave out the layers of the auterion-app-base, which the device has",
        },
        since: {
          ...REPEATED,
          describe: "Package of an earlier version: leave out what it put on the device, and go onto that version only",
        },
        "app-version": { type: "string", requiresArg: true, describe: "Version instead of the manifest's" },
        "unversioned-file": { type: "boolean", default: false, describe: "Leave the version out of the file name" },
        json: { type: "boolean", default: false, describe: "Print the report as JSON" },
      })
      .example("$0 build", "build the project in this folder")
      .example("$0 build app -o app.auterionos", "build another folder into a file of this name")
      .example("$0 build --mirror docker.io=127.0.0.1:5000", "pull from a mirror of Docker Hub"),
  async action() {
    // Threads start beside the loading of all the rest.
    const pool = createWorkPool();
    pool.warm();
    const { run } = await import("../actions/build.ts");
    return { run: (args) => run(args, pool) };
  },
};
