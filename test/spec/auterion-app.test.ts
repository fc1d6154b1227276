import assert from "node:assert/strict";
import { test } from "node:test";
import { Kind, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AircrateYml } from "../../spec/aircrate-yml.ts";
import { AuterionApp, Parameter } from "../../spec/auterion-app.ts";
import { ComposeOverride, ComposeService } from "../../spec/compose.ts";

const MANIFEST = {
  "auterion-api-version": 3,
  "auterion-app-base": "v2",
  "app-name": "app",
  "app-author": "com.example",
  "app-version": "1.0.0",
  "target-platform": "skynode",
  services: { app: { build: "." } },
};

const check = (changes: Record<string, unknown>) => Value.Check(AuterionApp, { ...MANIFEST, ...changes });

test("the least manifest is accepted, and each of its keys is needed", () => {
  assert.ok(check({}));
  for (const key of Object.keys(MANIFEST)) {
    const { [key as keyof typeof MANIFEST]: _, ...rest } = MANIFEST;
    assert.ok(!Value.Check(AuterionApp, rest), key);
  }
});

test("patterns of the keys", () => {
  const table: [string, unknown[], unknown[]][] = [
    ["auterion-api-version", [1, 7], [0, 8, 1.5, "3"]],
    // v2-foo: the alternatives have no group in Auterion's tool either.
    ["auterion-app-base", ["none", "v0", "v12", "v2-foo"], ["v", "2", "non", "", 2]],
    ["app-name", ["a", "app_1-x"], ["App", "a.b", "", "a b"]],
    ["app-author", ["auterion", "com.example.sub"], ["", 1]],
    ["app-version", ["1.0.0", "dev", "8592b49", "1_a-b"], ["", "1+2", "-1", ".1", 1, "x".repeat(129), "a b"]],
    ["target-platform", ["skynode", ["skynode"]], [[], [1], {}, null]],
    [
      "services",
      [{ a: { image: "b" } }, { "a.B_c-1": { build: "x" } }],
      [{}, [], { "a b": { build: "x" } }, { a: null }],
    ],
    ["dependencies", [{ "com.example.maps": "1" }], [{}, { "Com.x": "1" }, { a: 1 }]],
    ["logging", [{ "msg-paths": "a" }, { "msg-paths": ["a"] }, {}], [{ "msg-paths": [1] }, { other: 1 }, []]],
    ["parameters", [[]], [{}, [{}]]],
    ["compose", [], [{}]],
    ["other", [], [1]],
  ];
  for (const [key, good, bad] of table) {
    for (const value of good) assert.ok(check({ [key]: value }), `${key}: ${JSON.stringify(value)}`);
    for (const value of bad) assert.ok(!check({ [key]: value }), `${key}: ${JSON.stringify(value)}`);
  }
});

test("services", () => {
  const service = (keys: Record<string, unknown>) => check({ services: { app: { build: ".", ...keys } } });
  assert.ok(service({ image: "x", ssh: true, "build-args": { A: "1", B: 2, C: false } }));
  assert.ok(service({ http: { "/": { "static-root": "/data/www" }, "/api": { proxy: { port: 80 } } } }));
  assert.ok(service({ http: { "/": { proxy: { port: 80 }, function: [{ type: "ui", label: "x" }] } } }));
  assert.ok(!service({ ssh: "yes" }));
  assert.ok(!service({ "build-args": ["A=1"] }));
  assert.ok(!service({ "build-args": { "A B": "1" } }));
  assert.ok(!service({ http: { "/": { proxy: { port: 0 } } } }));
  assert.ok(!service({ http: { "/": { proxy: 80 } } }));
  assert.ok(!service({ network_mode: "host" }));
});

test("subscriptions of logging", () => {
  const subscription = (value: unknown) => check({ logging: { subscriptions: { "/topic": value } } });
  assert.ok(subscription("sensor_msgs/Image"));
  assert.ok(subscription({ type: "px4_msgs/VehicleStatus", max_rate_hz: 1.5, dds_name_prefix: "rt" }));
  assert.ok(!subscription("Image"));
  assert.ok(!subscription({ max_rate_hz: 1 }));
  assert.ok(!subscription({ type: "a/b", other: 1 }));
});

test("parameters keep keys that are not known", () => {
  const parameter = { name: "a-b_C", description: { short: "x" }, type: "int64", default: 1 };
  assert.ok(Value.Check(Parameter, parameter));
  assert.ok(Value.Check(Parameter, { ...parameter, later: 1, enum_values: { 0: "off", "-1": "on" } }));
  for (const change of [
    { name: "a b" },
    { type: "int" },
    { description: "x" },
    { description: { short: "a\nb" } },
    { default: {} },
  ]) {
    assert.ok(!Value.Check(Parameter, { ...parameter, ...change }), JSON.stringify(change));
  }
});

test("compose: what is read is checked, the rest passes", () => {
  assert.ok(
    Value.Check(ComposeOverride, {
      version: "3.7",
      services: { a: { cap_add: ["X"], deploy: {} } },
      volumes: { v: null },
    }),
  );
  assert.ok(Value.Check(ComposeService, { depends_on: ["a"] }));
  assert.ok(Value.Check(ComposeService, { depends_on: { a: { condition: "service_healthy", required: false } } }));
  assert.ok(Value.Check(ComposeService, { build: { context: ".", args: ["A=1"], labels: {} } }));
  assert.ok(!Value.Check(ComposeService, { depends_on: "a" }));
  assert.ok(!Value.Check(ComposeService, { depends_on: { a: { condition: "healthy" } } }));
  assert.ok(!Value.Check(ComposeService, { depends_on: { a: null } }));
  assert.ok(!Value.Check(ComposeOverride, { services: { a: null } }));
});

test("aircrate.yml", () => {
  const image = (value: unknown) => Value.Check(AircrateYml, { images: { app: value } });
  assert.ok(Value.Check(AircrateYml, {}));
  assert.ok(Value.Check(AircrateYml, { tag: "1.0" }));
  assert.ok(image({ context: "." }));
  assert.ok(image({ context: ".", dockerfile: "Dockerfile.base", args: { A: 1 }, target: "run" }));
  assert.ok(image({ from: "scratch", layers: [{ name: "app", copy: [{ from: "src/", to: "/app" }] }], config: {} }));
  const config = {
    entrypoint: ["a"],
    cmd: [],
    env: { A: "1" },
    workdir: "/app",
    user: "1000:1000",
    expose: [80, "90/udp", "1-2"],
    volumes: ["/data"],
    labels: { "org.a": "b" },
  };
  assert.ok(image({ from: "a", config }));
  for (const change of [
    { cmd: "a" },
    { env: { "A=B": "1" } },
    { env: { A: 1 } },
    { workdir: "app" },
    { expose: [0] },
    { other: 1 },
  ]) {
    assert.ok(!image({ from: "a", config: { ...config, ...change } }), JSON.stringify(change));
  }
  assert.ok(!image({ context: ".", from: "a" }));
  assert.ok(!image({ from: "a", layers: [{ copy: [] }] }));
  assert.ok(!image({ from: "a", layers: [{ copy: [{ from: "a", to: "b" }] }] }));
  for (const name of ["scratch", "A", "a/b", "a:1", ".a", "__proto__"]) {
    const images = JSON.parse(`{"images": {"${name}": {"context": "."}}}`);
    assert.ok(!Value.Check(AircrateYml, images), name);
  }
});

test("every key of a later API version says so", () => {
  const { properties } = AuterionApp;
  assert.equal(properties.logging.since, 3);
  assert.equal(properties.parameters.since, 6);
  assert.equal(properties.parameters.sinceCertainty, "unknown");
  const service = Object.values<TSchema>(properties.services.patternProperties)[0];
  assert.equal(service?.properties.http.since, 2);
  assert.equal(service?.properties.http.sinceCertainty, undefined);
  assert.equal(service?.properties.ssh.sinceCertainty, "inferred");
});

test("patterns are regular expressions for editors too, which read them with the flag u", () => {
  for (const schema of [...all(AuterionApp), ...all(AircrateYml)]) {
    for (const pattern of [schema.pattern, schema.likely, ...Object.keys(schema.patternProperties ?? {})]) {
      if (pattern !== undefined) assert.doesNotThrow(() => new RegExp(pattern, "u"), pattern);
    }
  }
});

function* all(schema: TSchema): Generator<TSchema> {
  yield schema;
  const inner: TSchema[] = [
    ...Object.values<TSchema>(schema.properties ?? {}),
    ...Object.values<TSchema>(schema.patternProperties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema[Kind] === "Array" ? [schema.items] : []),
  ];
  for (const one of inner) yield* all(one);
}
