import { APP_ACTIONS, type AppAction } from "../../lib/device/protocol.ts";
import { type Command, type Entry, JSON_OPTION } from "../command.ts";
import { DEVICE_OPTIONS, type DeviceArguments } from "../device.ts";

export interface AppArguments extends DeviceArguments {
  app: string;
}

export interface LogsArguments extends AppArguments {
  tail: string;
}

const APP = { app: { required: true, value: "APP", describe: "The application, as <author>.<name>" } } as const;

const logsCommand: Command<LogsArguments> = {
  positionals: APP,
  options: {
    tail: { value: "N", default: "100", describe: "Lines from the end, or all" },
    ...DEVICE_OPTIONS,
  },
  examples: [["aircrate device logs com.example.app --tail all", "show all that is kept"]],
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
    positionals: APP,
    options: DEVICE_OPTIONS,
    examples: [[`aircrate device ${name} com.example.app`, `${name} com.example.app`]],
    action: async () => {
      const { change } = await import("../actions/device.ts");
      return { run: (args) => change(args, name) };
    },
  };
}

const COMMANDS: readonly Entry[] = [
  { name: "logs", summary: "Show the logs of an application", load: async () => logsCommand },
  ...APP_ACTIONS.map((name) => ({ name, summary: DOES[name], load: async () => changeCommand(name) })),
];

export interface DescribeArguments extends DeviceArguments {
  json: boolean;
}

/** Without a command of its own it tells what the device is. */
export const deviceCommand: Command<DescribeArguments> = {
  about: "Without a command, shows the device and its applications.",
  commands: COMMANDS,
  options: { ...JSON_OPTION, ...DEVICE_OPTIONS },
  examples: [
    ["aircrate device", "show the device that is connected"],
    ["aircrate device logs com.example.app", "show what an application says"],
    ["aircrate device restart com.example.app --device 10.41.1.1", "restart one on another device"],
  ],
  action: async () => ({ run: (await import("../actions/device.ts")).describe }),
};
