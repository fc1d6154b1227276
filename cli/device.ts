import { inGroup } from "./command.ts";

/** The options of every command that talks to a device. */
export interface DeviceArguments {
  device?: string;
  "password-stdin": boolean;
}

export const DEVICE_OPTIONS = inGroup("Device", {
  device: {
    value: "HOST",
    describe: "Address of the device, as HOST or HOST:PORT; without it the usual ones are tried",
    defaultDescription: "AUTERION_DEVICE_ADDRESS",
  },
  "password-stdin": {
    type: "boolean",
    describe: "Read the device's password from stdin; without it, it is asked for when the device wants it",
  },
});
