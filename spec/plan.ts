/** What `aircrate plan --json` prints: scripts go by it. */
import { type Static, Type } from "@sinclair/typebox";

export const PlanImage = Type.Object({
  name: Type.String(),
  /** `file:line` that asks for it. */
  where: Type.String(),
  made: Type.Union([Type.Literal("pull"), Type.Literal("local"), Type.Literal("dockerfile"), Type.Literal("tree")]),
  /** `HOST/REPOSITORY` of every place that may be asked for it, in order; nothing when that is its own registry alone. */
  sources: Type.Optional(Type.Array(Type.String())),
  /** Name of the image that it is built on, `scratch`, or nothing for one that is pulled or local. */
  from: Type.Optional(Type.String()),
  context: Type.Optional(Type.String()),
  dockerfile: Type.Optional(Type.String()),
  /** What is done on top of `from`, one instruction each. */
  steps: Type.Array(Type.String()),
});
export type PlanImage = Static<typeof PlanImage>;

export const PlanOutput = Type.Object({
  service: Type.Optional(Type.String()),
  image: Type.String(),
  tags: Type.Array(Type.String()),
  dependsOn: Type.Array(Type.String()),
});
export type PlanOutput = Static<typeof PlanOutput>;

export const PlanDocument = Type.Object({
  version: Type.Literal(1),
  project: Type.String(),
  platform: Type.String(),
  app: Type.Optional(
    Type.Object({
      slug: Type.String(),
      version: Type.String(),
      apiVersion: Type.Integer(),
      deviceTypes: Type.Array(Type.String()),
      launchOrder: Type.Array(Type.Array(Type.String())),
    }),
  ),
  images: Type.Array(PlanImage),
  outputs: Type.Array(PlanOutput),
  /** `HOST/REPOSITORY` of the layer cache that the project names. */
  cache: Type.Optional(Type.String()),
  warnings: Type.Array(Type.String()),
});
export type PlanDocument = Static<typeof PlanDocument>;
