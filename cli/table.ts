import type { Command, Entry } from "./command.ts";
import { NOTES } from "./notes.ts";

const COMMANDS: readonly Entry[] = [
  {
    name: "init",
    group: "Build",
    summary: "Write a small application that can be built at once",
    load: async () => (await import("./commands/init.ts")).initCommand,
  },
  {
    name: "build",
    group: "Build",
    summary: "Build a project into one file",
    load: async () => (await import("./commands/build.ts")).buildCommand,
  },
  {
    name: "plan",
    group: "Build",
    summary: "Show what would be built from what; asks no registry",
    load: async () => (await import("./commands/plan.ts")).planCommand,
  },
  {
    name: "check",
    group: "Build",
    summary: "Find what is wrong with a project, and the traps of the field",
    load: async () => (await import("./commands/check.ts")).checkCommand,
  },
  {
    name: "lock",
    group: "Build",
    summary: "Write down what each reference of a project stands for",
    load: async () => (await import("./commands/lock.ts")).lockCommand,
  },
  {
    name: "vendor",
    group: "Build",
    summary: "Write all that the lock names into one file, to build offline",
    load: async () => (await import("./commands/vendor.ts")).vendorCommand,
  },
  {
    name: "image",
    group: "Build",
    summary: "Build single images into the store: build, ls, rm, tag",
    load: async () => (await import("./commands/image.ts")).imageCommand,
  },
  {
    name: "inspect",
    group: "Look",
    summary: "Show what is in a file: services, images, layers, payload",
    load: async () => (await import("./commands/inspect.ts")).inspectCommand,
  },
  {
    name: "report",
    group: "Look",
    summary: "Make a page that shows what a package weighs, and why",
    load: async () => (await import("./commands/report.ts")).reportCommand,
  },
  {
    name: "extract",
    group: "Look",
    summary: "Take a file or folder out of a service of a finished file",
    load: async () => (await import("./commands/extract.ts")).extractCommand,
  },
  {
    name: "diff",
    group: "Look",
    summary: "Show what differs between two files or images",
    load: async () => (await import("./commands/diff.ts")).diffCommand,
  },
  {
    name: "verify",
    group: "Look",
    summary: "Prove that a file is whole and right",
    load: async () => (await import("./commands/verify.ts")).verifyCommand,
  },
  {
    name: "sign",
    group: "Carry",
    summary: "Sign a finished .auterionos file, or sign it anew",
    load: async () => (await import("./commands/sign.ts")).signCommand,
  },
  {
    name: "thicken",
    group: "Carry",
    summary: "Give back the full file that a thin one stands for",
    load: async () => (await import("./commands/thicken.ts")).thickenCommand,
  },
  {
    name: "save",
    group: "Carry",
    summary: "Write images of the store into one docker-archive",
    load: async () => (await import("./commands/save.ts")).saveCommand,
  },
  {
    name: "export",
    group: "Carry",
    summary: "Write the images of a file as docker-archive or image layout",
    load: async () => (await import("./commands/export.ts")).exportCommand,
  },
  {
    name: "push",
    group: "Carry",
    summary: "Push images of the store, or those of a file, to a registry",
    load: async () => (await import("./commands/push.ts")).pushCommand,
  },
  {
    name: "install",
    group: "Device",
    summary: "Install a file on a device",
    load: async () => (await import("./commands/install.ts")).installCommand,
  },
  {
    name: "device",
    group: "Device",
    summary: "Show a device and its applications; start, stop, remove them",
    load: async () => (await import("./commands/device.ts")).deviceCommand,
  },
  {
    name: "store",
    group: "Store and registries",
    summary: "Look after the blob store: ls, verify, prune, import",
    load: async () => (await import("./commands/store.ts")).storeCommand,
  },
  {
    name: "login",
    group: "Store and registries",
    summary: "Log in to a registry",
    load: async () => (await import("./commands/login.ts")).loginCommand,
  },
  {
    name: "logout",
    group: "Store and registries",
    summary: "Forget the credentials for a registry",
    load: async () => (await import("./commands/logout.ts")).logoutCommand,
  },
  {
    name: "schema",
    group: "Help",
    summary: "Print the JSON Schema of a project's file, for editors",
    load: async () => (await import("./commands/schema.ts")).schemaCommand,
  },
  {
    name: "completion",
    group: "Help",
    summary: "Print what makes a shell complete command lines",
    load: async () => (await import("./commands/completion.ts")).completionCommand,
  },
  {
    name: "complete",
    summary: "Complete a command line, for the scripts of completion",
    hidden: true,
    load: async () => (await import("./commands/complete.ts")).completeCommand,
  },
  {
    name: "help",
    group: "Help",
    summary: "Tell how a command is used, as COMMAND --help does",
    load: async () => (await import("./commands/help.ts")).helpCommand,
  },
];

/** The program itself, of which all commands are commands. */
export const PROGRAM: Command<object> = {
  commands: COMMANDS,
  options: {
    help: { type: "boolean", short: "h", describe: "Tell how a command is used" },
    version: { type: "boolean", describe: "Print the version" },
  },
  examples: [
    ["aircrate init my-app", "write a small application"],
    ["aircrate build my-app", "build it into one .auterionos file"],
  ],
  notes: NOTES,
  action: () => import("./actions/program.ts"),
};

export const PROGRAM_SUMMARY = "Builds container applications for drones and other machines without Docker.";
