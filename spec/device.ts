/**
 * What an AuterionOS device answers over HTTP, as Auterion's own command-line tool (auterion-cli) reads it. Devices may
 * add keys; only those are named here that are read.
 */
import { type Static, Type } from "@sinclair/typebox";

const Text = Type.String({ maxLength: 4096 });
const optional = Type.Optional;

/** `GET /api/local-updater/version`. */
export const UpdaterVersion = Type.Object({
  version: Type.String({
    pattern: "^v?[0-9]+(\\.[0-9]+)*$",
    maxLength: 32,
    description: "as it stands in paths, v2.2",
  }),
});

/** `GET /api/local-updater/VERSION/status`. */
export const UpdateStatus = Type.Object({
  status_key: optional(Text),
  /** Newer updaters, which have `status_key`, use it for something else. */
  status: optional(Type.Unknown()),
});

/** What an updater says of an upload that it did not take or that failed. */
export const UpdateAnswer = Type.Object({
  message: optional(Type.String()),
  /** Lines; what ends them may be the two characters `\n`. */
  logs: optional(Type.String()),
});
export type UpdateAnswer = Static<typeof UpdateAnswer>;

/** `GET /api/sysinfo/v1.0/device`. */
export const DeviceIdentity = Type.Object({
  uuid: optional(Text),
  auterion_os: optional(Text),
});

const DeviceService = Type.Object({
  name: optional(Text),
  status: optional(Text),
});

const DeviceApp = Type.Object({
  name: Text,
  version: optional(Text),
  status: optional(Text),
  services: optional(Type.Array(DeviceService, { maxItems: 1000 })),
});

const DeviceApps = Type.Array(DeviceApp, { maxItems: 1000 });

/** `GET /api/apps/v1.0/apps`: a list. That it may also come under `apps` is inferred from the form of the others. */
export const DeviceAppList = Type.Union([DeviceApps, Type.Object({ apps: DeviceApps })]);
