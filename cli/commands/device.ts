import type { Argv } from "yargs";
import { APP_ACTIONS, type AppAction } from "../../lib/device/protocol.ts";
import { addCommand, type Command } from "../command.ts";
import { DEVICE_OPTIONS, type DeviceArguments } from "../device.ts";

export interface DescribeArguments extends DeviceArguments {
  json: boolean;
}

/** Without a command of its own it tells what the device is. */
export const deviceCommand: Command<DescribeArguments> = {
  command: "device",
  describe: "Show a device and its applications; logs, start, stop, restart, enable, disable, remove APP",
  builder: (yargs) => {
    addCommand(yargs, logsCommand);
    for (const action of APP_ACTIONS) addCommand(yargs, changeCommand(action));
    return yargs.options({
      ...DEVICE_OPTIONS,
      json: { type: "boolean", default: false, describe: "Print the report as JSON" },
    });
  },
  action: async () => ({ run: (await import("../actions/device.ts")).describe }),
};

export interface AppArguments extends DeviceArguments {
  app: string;
}

export interface LogsArguments extends AppArguments {
  tail: string;
}

const APP = {
  type: "string",
  demandOption: true,
  describe: "The application, as <author>.<name>",
} as const;

const logsCommand: Command<LogsArguments> = {
  command: "logs <app>",
  describe: "Show the logs of an application",
  builder: (yargs: Argv) =>
    yargs.positional("app", APP).options({
      ...DEVICE_OPTIONS,
      tail: { type: "string", requiresArg: true, default: "100", describe: "Lines from the end, or all" },
    }),
  action: async () => ({ run: (await import("../actions/device.ts")).logs }),
};

const DOES: Readonly<Record<AppAction, string>> = {
  start: "Start an application",
  stop: "Stop an application",
  restart: "Stop and start an application",
  enable: "Have an application started with the device",
  disable: "Have an application no longer started with the device",
  remove: "Remove an application from the device",
};

function changeCommand(name: AppAction): Command<AppArguments> {
  return {
    command: `${name} <app>`,
    describe: DOES[name],
    builder: (yargs: Argv) => yargs.positional("app", APP).options(DEVICE_OPTIONS),
    action: async () => {
      const { change } = await import("../actions/device.ts");
      return { run: (args) => change(args, name) };
    },
  };
}
