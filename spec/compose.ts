/**
 * The parts of a Compose file that are read: github.com/compose-spec/compose-spec (05-services.md, build.md). Everything
 * else passes through untouched, since the device's own compose reads it.
 */
import { type Static, Type } from "@sinclair/typebox";
import { closed, dict } from "./keywords.ts";

const Text = Type.String();
const Texts = Type.Array(Text);

/** compose-spec, "services top-level elements": the form of a service name. */
export const SERVICE_NAME = "^[a-zA-Z0-9._-]+$";
export const SERVICE_NAME_FORM = "letters, digits, `.`, `_` and `-`";

/** A build argument's value. Compose turns numbers and booleans into text. */
export const ArgValue = Type.Union([Text, Type.Number(), Type.Boolean()], { form: "a text, a number or true/false" });
export type ArgValue = Static<typeof ArgValue>;

/** compose-spec build.md, as far as an image can be built without running anything. */
export const ComposeBuild = Type.Object(
  {
    context: Type.Optional(Type.String({ minLength: 1, description: "Folder, relative to the project folder." })),
    dockerfile: Type.Optional(Type.String({ minLength: 1, description: "Relative to the context." })),
    args: Type.Optional(Type.Union([dict(ArgValue), Texts], { form: "a mapping or a list of NAME=VALUE" })),
    target: Type.Optional(Type.String({ minLength: 1, description: "Stage of the Dockerfile to stop at." })),
  },
  { description: "Other keys only matter while RUN instructions are executed, or are refused by name." },
);
export type ComposeBuild = Static<typeof ComposeBuild>;

/** Conditions of the map form of `depends_on` (compose-spec 05-services.md, "depends_on, long syntax"). */
export const DEPENDENCY_CONDITIONS = ["service_started", "service_healthy", "service_completed_successfully"] as const;

export const ComposeDependency = closed({
  condition: Type.Union(
    DEPENDENCY_CONDITIONS.map((name) => Type.Literal(name)),
    { form: DEPENDENCY_CONDITIONS.join(", ") },
  ),
  restart: Type.Optional(Type.Boolean()),
  required: Type.Optional(Type.Boolean()),
});

export const ComposeDependsOn = Type.Union([Texts, dict(ComposeDependency)], {
  form: "a list of services, or a mapping from services to conditions",
});
export type ComposeDependsOn = Static<typeof ComposeDependsOn>;

export const ComposeService = Type.Object({
  image: Type.Optional(Type.String({ minLength: 1 })),
  build: Type.Optional(Type.Union([Type.String({ minLength: 1 }), ComposeBuild], { form: "a folder or a mapping" })),
  depends_on: Type.Optional(ComposeDependsOn),
  container_name: Type.Optional(Text),
  command: Type.Optional(Type.Union([Text, Texts, Type.Null()], { form: "a text or a list" })),
  entrypoint: Type.Optional(Type.Union([Text, Texts, Type.Null()], { form: "a text or a list" })),
  network_mode: Type.Optional(Text),
  ipc: Type.Optional(Text),
  pid: Type.Optional(Type.Union([Text, Type.Null()], { form: "a text" })),
  links: Type.Optional(Texts),
  volumes_from: Type.Optional(Texts),
});
export type ComposeService = Static<typeof ComposeService>;

const SERVICES = { keys: SERVICE_NAME, keyForm: SERVICE_NAME_FORM, maxProperties: 500 };

/** The services of a Compose file that stands by itself. */
export const ComposeServices = dict(ComposeService, { ...SERVICES, minProperties: 1 });

/** `compose-override` of the manifest: a Compose file whose services are merged into the manifest's. */
export const ComposeOverride = Type.Object(
  { services: Type.Optional(dict(ComposeService, SERVICES)) },
  {
    since: 1,
    description:
      "A Compose file whose services are merged into those of the manifest: maps key by key, everything else is " +
      "replaced. All of Compose may stand here; later API versions may restrict it.",
  },
);
export type ComposeOverride = Static<typeof ComposeOverride>;

/** A whole Compose file, after the merge. */
export const ComposeFile = Type.Object({ services: dict(ComposeService) });
export type ComposeFile = Static<typeof ComposeFile>;
