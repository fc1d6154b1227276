import assert from "node:assert/strict";
import { test } from "node:test";
import { deepMerge } from "../../lib/app/compose.ts";
import { readAppManifest } from "../../lib/app/manifest.ts";
import type { JsonValue } from "../../lib/yaml/value.ts";
import { HEAD, project } from "./project.ts";

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test("maps merge, everything else is replaced", () => {
  const table: [JsonValue, JsonValue, JsonValue][] = [
    [
      { a: 1, b: { c: 1, d: 1 } },
      { b: { c: 2, e: 2 }, f: 2 },
      { a: 1, b: { c: 2, d: 1, e: 2 }, f: 2 },
    ],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: { b: 1 } }, { a: "x" }, { a: "x" }],
    [{ a: { b: 1 } }, { a: null }, { a: null }],
    [{ a: "x" }, { a: { b: 1 } }, { a: { b: 1 } }],
    [{}, {}, {}],
  ];
  for (const [base, over, merged] of table) assert.deepEqual(plain(deepMerge(base, over)), merged);
});

test("merging __proto__ changes no prototype and no input", () => {
  const base = JSON.parse('{"a": {"b": 1}}');
  const over = JSON.parse('{"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 2}}}');
  const merged = deepMerge(base, over) as { a: object };
  assert.ok(Object.hasOwn(merged, "__proto__") && Object.hasOwn(merged.a, "__proto__"));
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.deepEqual(base, { a: { b: 1 } });
});

test("the Compose file of an application", async (t) => {
  const dir = project(t, {
    "auterion-app.yml": `${HEAD}services:
  one:
    build: a
    build-args: {X: 1, Y: "two"}
  two:
    image: busybox
compose-override:
  version: "3.7"
  services:
    one:
      build:
        dockerfile: Dockerfile.other
        target: run
        args: {Y: three}
      environment: {A: 1.0}
    two:
      command: [sleep, "1"]
      depends_on: [one]
  volumes: {data: null}
`,
  });
  const { compose } = await readAppManifest(dir);
  assert.deepEqual(plain(compose), {
    services: {
      one: {
        build: { context: "a", args: { X: 1, Y: "three" }, dockerfile: "Dockerfile.other", target: "run" },
        environment: { A: 1 },
        image: "com.example.app.one:1.0.0",
        container_name: "com.example.app.one",
        platform: "linux/arm64",
      },
      two: {
        image: "busybox",
        command: ["sleep", "1"],
        depends_on: ["one"],
        container_name: "com.example.app.two",
        platform: "linux/arm64",
      },
    },
    version: "3.7",
    volumes: { data: null },
  });
});
