/**
 * `auterion-app.yml`, the application manifest of AuterionOS, API versions 0 to 7, as far as it is public.
 *
 * Sources: docs.auterion.com (App Framework, App Parameters, Logging, User Interfaces), the behaviour of the published
 * `auterion-cli`, and public manifests. There is no published schema of API versions 5 to 7. What is concluded and not
 * read says "Inferred" in its description; keys that came with a later API version carry `since`.
 */
import { type Static, Type } from "@sinclair/typebox";
import { ArgValue, ComposeOverride, ComposeServices, SERVICE_NAME, SERVICE_NAME_FORM } from "./compose.ts";
import { closed, dict } from "./keywords.ts";

/** API versions that are read. 0 keeps its services below `compose`. */
export const API_VERSIONS = { first: 0, last: 7 } as const;

/** A tag of an image: github.com/distribution/reference, `TagRegexp`. */
export const TAG = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$";

/** Reverse domain name of an author or another application. Known for the keys of `dependencies`. */
const DOMAIN = "^[a-z]+(\\.[a-z][a-z0-9_-]*)*$";

const Port = Type.Integer({ minimum: 1, maximum: 65_535, form: "a port, 1 to 65535" });

const HttpFunction = closed(
  {
    type: Type.String({ description: "Documented: `ui` only. `api` occurs in a public manifest." }),
    label: Type.Optional(Type.String({ description: "Shown to the user. Inferred: optional." })),
  },
  { description: "What the endpoint is offered as." },
);

export const HttpEndpoint = closed(
  {
    "static-root": Type.Optional(
      Type.String({
        description: "Folder that is served; must lie in /data of the container, the application fills it.",
      }),
    ),
    proxy: Type.Optional(closed({ port: Port }, { description: "Port in the container that requests go to." })),
    function: Type.Optional(
      Type.Union([HttpFunction, Type.Array(HttpFunction)], {
        form: "a mapping with `type` and `label`, or a list of them",
        description: "One or several. Inferred: several are a list.",
      }),
    ),
  },
  { description: "What the device offers under the pattern. Inferred: either `static-root` or `proxy`." },
);

export const AppService = closed({
  build: Type.Optional(Type.String({ minLength: 1, description: "Folder with a Dockerfile." })),
  image: Type.Optional(Type.String({ minLength: 1, description: "Prebuilt image; used only when `build` is absent." })),
  "build-args": Type.Optional(
    dict(ArgValue, {
      keys: "^[A-Za-z_][A-Za-z0-9_]*$",
      keyForm: "letters, digits and `_`, not a digit first",
      description: "ARG values. Seen with API versions 6 and 7; Auterion's tool ties it to none.",
    }),
  ),
  ssh: Type.Optional(
    Type.Boolean({
      since: 2,
      sinceCertainty: "inferred",
      description: "Gives the container an SSH port. Inferred: since API version 2.",
    }),
  ),
  http: Type.Optional(
    dict(HttpEndpoint, {
      since: 2,
      description: "URI pattern to endpoint; public at http://<device>/apps/<author>.<name>/<pattern>.",
    }),
  ),
});
export type AppService = Static<typeof AppService>;

const MessageType = Type.String({
  pattern: "^[a-zA-Z0-9_]+/[a-zA-Z0-9_]+$",
  form: "a message type such as `sensor_msgs/Image`",
});

export const Logging = closed(
  {
    "msg-paths": Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }))], {
        form: "a folder or a list of folders",
        description: "Folders of the project that hold `msg/*.msg`. The last part of the path is the package's name.",
      }),
    ),
    subscriptions: Type.Optional(
      dict(
        Type.Union(
          [
            MessageType,
            closed({
              type: MessageType,
              max_rate_hz: Type.Optional(Type.Number()),
              dds_name_prefix: Type.Optional(Type.String({ description: "`rt` when absent." })),
            }),
          ],
          { form: "a message type, or a mapping with `type`" },
        ),
        { description: "Topic to message type." },
      ),
    ),
    profiles: Type.Optional(
      Type.Object(
        { default: Type.Optional(Type.Unknown()), verbose: Type.Optional(Type.Unknown()) },
        { openKeys: true, description: "Reserved for future use. Unknown: the keys inside." },
      ),
    ),
  },
  { since: 3, description: "ROS 2 messages that the device logs." },
);

/** Types of a parameter's value. */
export const PARAMETER_TYPES = [
  "bool",
  "int64",
  "float64",
  "string",
  "byte[]",
  "bool[]",
  "int64[]",
  "float64[]",
  "string[]",
] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

export const Parameter = Type.Object(
  {
    name: Type.String({
      pattern: "^[a-zA-Z0-9_-]+$",
      form: "letters, digits, `-` and `_`",
      description: "By which the application asks for it.",
    }),
    description: Type.Object(
      { short: Type.String({ pattern: "^[^\\n]*$", form: "one line of text" }), long: Type.Optional(Type.String()) },
      { openKeys: true, description: "What the user reads; `short` is one line." },
    ),
    type: Type.Union(
      PARAMETER_TYPES.map((name) => Type.Literal(name)),
      { form: `one of ${PARAMETER_TYPES.join(", ")}`, description: "Type of the value." },
    ),
    default: Type.Union(
      [
        Type.Boolean(),
        Type.Number(),
        Type.String(),
        Type.Array(Type.Union([Type.Boolean(), Type.Number(), Type.String()])),
      ],
      { form: "a value of the parameter's type", description: "Its value until somebody sets another one." },
    ),
    enum_values: Type.Optional(
      dict(Type.String(), {
        keys: "^-?[0-9]+$",
        keyForm: "a whole number",
        integerKeys: true,
        description: "Number to label, for type int64.",
      }),
    ),
    volatile: Type.Optional(
      Type.Boolean({ description: "The application may change it; not copied to other vehicles." }),
    ),
    decimal: Type.Optional(Type.Integer({ description: "Digits shown, for type float64." })),
    increment: Type.Optional(Type.Number({ description: "Step of the display, for type float64." })),
    unit: Type.Optional(Type.String({ description: "Such as m/s." })),
    readonly: Type.Optional(Type.Boolean({ description: "The user may not change it." })),
    visibility: Type.Optional(Type.String({ description: "Seen: visible, advanced. Unknown: the full list." })),
    min: Type.Optional(Type.Number({ description: "Inferred from use with int64." })),
    max: Type.Optional(Type.Number({ description: "Inferred from use with int64." })),
    reset_on_update: Type.Optional(Type.Boolean({ description: "Inferred from use." })),
  },
  { openKeys: true, description: "Unknown: whether this list of keys is complete." },
);
export type Parameter = Static<typeof Parameter>;

const AppBase = Type.String({
  pattern: "^v[0-9]+|none$",
  form: "`none`, or a version of Auterion's base image such as `v2`",
  likely: "^(v[0-9]+|none)$",
  since: 1,
  sinceCertainty: "inferred",
  description:
    "Base image whose layers the device has. The alternatives stand without a group, as in Auterion's tool, which " +
    "accepts v2-foo too and then leaves the layers in.",
});

/** What manifests of every API version say. */
const IDENTITY = {
  "app-name": Type.String({
    pattern: "^[a-z0-9_-]+$",
    form: "lower-case letters, digits, `-` and `_`",
    description: "Pattern known for API versions 3 and 4. Inferred: the same for the others.",
  }),
  "app-author": Type.String({
    minLength: 1,
    likely: DOMAIN,
    form: "a reverse domain name such as com.example",
    description: "Reverse domain name. Inferred: its pattern, which is known for the keys of `dependencies`.",
  }),
  "app-version": Type.String({
    pattern: TAG,
    form: "a text of up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`",
    trap: "AC004",
    description: "Text. Inferred: a legal tag of an image, because it becomes one.",
  }),
  "target-platform": Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
    form: "a device or a list of devices",
    description: "Devices the package is for, all of one architecture.",
  }),
};

/** A manifest of API version 0: its services are those of a Compose file, and packages carry that as `app.yml`. */
export const AuterionApp0 = closed({
  "auterion-api-version": Type.Literal(0, { form: "API version 0" }),
  "auterion-app-base": Type.Optional(AppBase),
  ...IDENTITY,
  compose: Type.Object(
    { services: ComposeServices },
    { description: "The Compose file. Inferred: its services may be built, as in later API versions." },
  ),
});
export type AuterionApp0 = Static<typeof AuterionApp0>;

export const AuterionApp = closed({
  "auterion-api-version": Type.Integer({
    minimum: 1,
    maximum: API_VERSIONS.last,
    form: `an API version, ${API_VERSIONS.first} to ${API_VERSIONS.last}`,
    description: "Which keys there are, and the oldest AuterionOS: 1 needs 2.7, 2 needs 2.10, 3 needs 3.2.9.",
  }),
  "auterion-app-base": AppBase,
  ...IDENTITY,
  services: dict(AppService, {
    keys: SERVICE_NAME,
    keyForm: SERVICE_NAME_FORM,
    minProperties: 1,
    maxProperties: 500,
    since: 1,
    description: "Name to service. The upper limit is this project's own, against hostile files.",
  }),
  "compose-override": Type.Optional(ComposeOverride),
  dependencies: Type.Optional(
    dict(Type.String(), {
      keys: DOMAIN,
      keyForm: "another application such as com.example.maps",
      minProperties: 1,
      since: 1,
      sinceCertainty: "inferred",
      seenUntil: 2,
      description: "Other applications. Inferred: API versions 1 and 2. Unknown: later ones, and what the text means.",
    }),
  ),
  logging: Type.Optional(Logging),
  parameters: Type.Optional(
    Type.Array(Parameter, {
      since: 6,
      sinceCertainty: "unknown",
      description: "App parameters. In use with API versions 6 and 7. Unknown: whether 4 or 5 brought them.",
    }),
  ),
});
export type AuterionApp = Static<typeof AuterionApp>;
