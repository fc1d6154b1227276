/** OCI image configuration (image-spec config.md), which Docker's image config of schema 2 extends. */
import { type Static, Type } from "@sinclair/typebox";
import { Digest } from "./oci.ts";

/** A key that may be absent or null: Go writers emit null for empty lists and maps. */
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

const EmptyObjects = Type.Record(Type.String(), Type.Object({}));
const Strings = Type.Array(Type.String());

/** Docker's extension: how the container is checked. Times in nanoseconds. */
export const Healthcheck = Type.Object({
  Test: nullable(Strings),
  Interval: Type.Optional(Type.Integer()),
  Timeout: Type.Optional(Type.Integer()),
  StartPeriod: Type.Optional(Type.Integer()),
  StartInterval: Type.Optional(Type.Integer()),
  Retries: Type.Optional(Type.Integer()),
});
export type Healthcheck = Static<typeof Healthcheck>;

/** The execution parameters, `config` in the image configuration. */
export const ContainerConfig = Type.Object({
  User: Type.Optional(Type.String()),
  ExposedPorts: nullable(EmptyObjects),
  Env: nullable(Strings),
  Entrypoint: nullable(Strings),
  Cmd: nullable(Strings),
  Volumes: nullable(EmptyObjects),
  WorkingDir: Type.Optional(Type.String()),
  Labels: nullable(Type.Record(Type.String(), Type.String())),
  StopSignal: Type.Optional(Type.String()),
  ArgsEscaped: Type.Optional(Type.Boolean()),
  Healthcheck: nullable(Healthcheck),
  Shell: nullable(Strings),
  OnBuild: nullable(Strings),
});
export type ContainerConfig = Static<typeof ContainerConfig>;

export const HistoryEntry = Type.Object({
  created: Type.Optional(Type.String()),
  created_by: Type.Optional(Type.String()),
  author: Type.Optional(Type.String()),
  comment: Type.Optional(Type.String()),
  empty_layer: Type.Optional(Type.Boolean()),
});
export type HistoryEntry = Static<typeof HistoryEntry>;

export const ImageConfig = Type.Object({
  created: Type.Optional(Type.String()),
  author: Type.Optional(Type.String()),
  architecture: Type.String(),
  os: Type.String(),
  variant: Type.Optional(Type.String()),
  config: nullable(ContainerConfig),
  rootfs: Type.Object({ type: Type.Literal("layers"), diff_ids: Type.Array(Digest, { maxItems: 1_000 }) }),
  history: nullable(Type.Array(HistoryEntry)),
});
export type ImageConfig = Static<typeof ImageConfig>;
