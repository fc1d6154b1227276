#!/usr/bin/env node
import yargs from "yargs";
import { APP_ACTIONS } from "../lib/device/protocol.ts";
import { EXIT_STATUS } from "../lib/error.ts";
import { suggest } from "../lib/suggest.ts";
import { VERSION } from "../lib/version.ts";
import { tuneEngine } from "../lib/workers/memory.ts";
import { addCommand, Chosen } from "./command.ts";
import { buildCommand } from "./commands/build.ts";
import { checkCommand } from "./commands/check.ts";
import { deviceCommand } from "./commands/device.ts";
import { imageCommand } from "./commands/image.ts";
import { initCommand } from "./commands/init.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { installCommand } from "./commands/install.ts";
import { lockCommand } from "./commands/lock.ts";
import { loginCommand } from "./commands/login.ts";
import { logoutCommand } from "./commands/logout.ts";
import { planCommand } from "./commands/plan.ts";
import { saveCommand } from "./commands/save.ts";
import { schemaCommand } from "./commands/schema.ts";
import { signCommand } from "./commands/sign.ts";
import { storeCommand } from "./commands/store.ts";
import { thickenCommand } from "./commands/thicken.ts";
import { vendorCommand } from "./commands/vendor.ts";
import { verifyCommand } from "./commands/verify.ts";
import { dockerWords } from "./docker.ts";
import { printError, UsageError } from "./ui/error.ts";

const EXIT_HELP = `Exit status:
  0  done                          4  a registry, file or device cannot be reached or does not exist
  1  internal fault                5  not allowed: credentials are missing or refused
  2  wrong usage                   6  integrity: a digest or checksum does not fit, or verify found problems
  3  the input is wrong            7  refused: --offline, --locked, or vendor without a lock
                                   8  the device refused the file, or its installation failed

Environment:
  AIRCRATE_STORE     folder of the blob store (default: the platform's cache folder)
  DOCKER_CONFIG, REGISTRY_AUTH_FILE
                     folder and file with credentials, as for Docker and Podman
  AUTERION_DEVICE_ADDRESS
                     address of the device, for install and device
  SOURCE_DATE_EPOCH  seconds since 1970 for every time in the output (default: 0)
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                     proxies for registries, and the hosts that are asked without one
  AIRCRATE_DEBUG=1   shows where an error arose`;

const COMMANDS = [
  "init",
  "build",
  "plan",
  "check",
  "schema",
  "lock",
  "vendor",
  "sign",
  "inspect",
  "verify",
  "thicken",
  "install",
  "device",
  "image",
  "save",
  "store",
  "login",
  "logout",
];
/** Commands of commands. */
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  image: ["build", "ls", "rm", "tag"],
  store: ["ls", "verify", "prune", "import"],
  device: ["logs", ...APP_ACTIONS],
};

/** Parses the command line. @returns the command to run; none when help or the version was asked for and printed */
function parse(): (() => Promise<void>) | undefined {
  const parser = yargs(dockerWords(process.argv.slice(2)))
    .scriptName("aircrate")
    .locale("en")
    .usage("$0 COMMAND\n\nBuilds container applications for drones and other machines without Docker.")
    .demandCommand(1, "name a command")
    .strict()
    .version(VERSION)
    .alias("help", "h")
    .epilogue(EXIT_HELP)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .parserConfiguration({ "camel-case-expansion": false })
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(meant(message));
    });
  addCommand(parser, initCommand);
  addCommand(parser, buildCommand);
  addCommand(parser, planCommand);
  addCommand(parser, checkCommand);
  addCommand(parser, schemaCommand);
  addCommand(parser, lockCommand);
  addCommand(parser, vendorCommand);
  addCommand(parser, signCommand);
  addCommand(parser, inspectCommand);
  addCommand(parser, verifyCommand);
  addCommand(parser, imageCommand);
  addCommand(parser, saveCommand);
  addCommand(parser, installCommand);
  addCommand(parser, deviceCommand);
  addCommand(parser, thickenCommand);
  addCommand(parser, storeCommand);
  addCommand(parser, loginCommand);
  addCommand(parser, logoutCommand);
  try {
    parser.parseSync();
  } catch (error) {
    if (error instanceof Chosen) return error.run;
    throw error;
  }
  return undefined;
}

/** Adds what a misspelt command may have been; yargs does so for options only when asked in a way that takes both. */
function meant(message: string): string {
  const word = /^Unknown arguments?: ([\w-]+)/.exec(message)?.[1];
  const found = word === undefined ? undefined : suggest(word, SUBCOMMANDS[process.argv[2] ?? ""] ?? COMMANDS);
  return found === undefined ? message : `${message} (did you mean ${found}?)`;
}

async function main(): Promise<number> {
  tuneEngine();
  try {
    await parse()?.();
    return 0;
  } catch (error) {
    return printError(error);
  }
}

// A reader that has seen enough, such as `head`, closes the pipe: that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : EXIT_STATUS.internal);
});
process.exitCode = await main();
