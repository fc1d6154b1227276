/** What `aircrate device` and `aircrate install` print with `--json`: scripts go by it. Keys are only added. */
import { type Static, Type } from "@sinclair/typebox";
import { Size } from "./oci.ts";

const Text = Type.String();
const optional = Type.Optional;

const ReportedApp = Type.Object(
  {
    name: Text,
    version: optional(Text),
    status: optional(Text),
    services: Type.Array(
      Type.Object({ name: optional(Text), status: optional(Text) }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
);

/** `device`. */
export const DeviceReport = Type.Object(
  {
    version: Type.Literal(1),
    /** HOST or HOST:PORT. */
    address: Text,
    /** Serial number. */
    uuid: optional(Text),
    /** Version of AuterionOS. */
    auterionOs: optional(Text),
    /** In the order in which the device lists them. */
    apps: Type.Array(ReportedApp),
  },
  { additionalProperties: false },
);
export type DeviceReport = Static<typeof DeviceReport>;

/** `install`, of an installation that succeeded. */
export const InstallReport = Type.Object(
  {
    version: Type.Literal(1),
    /** As the user gave it. */
    file: Text,
    size: Size,
    device: Type.Object(
      {
        address: Text,
        /** API version of its updater, such as `v2.2`. */
        updater: Text,
      },
      { additionalProperties: false },
    ),
    /** Milliseconds until the last byte was sent, and from then until the device was done. */
    upload: Type.Integer({ minimum: 0 }),
    installation: Type.Integer({ minimum: 0 }),
    /** The device's last word; absent when its answer to the upload said that it is done. */
    status: optional(Text),
    /** Whether the device must be switched off and on for the application to run. */
    powerCycle: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type InstallReport = Static<typeof InstallReport>;
