import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readAppManifest } from "../../lib/app/manifest.ts";
import { failure, HEAD, project } from "./project.ts";

const api = (version: number | string) => HEAD.replace("version: 3", `version: ${version}`);
const services = (text: string) => `${HEAD}services:\n${text}`;
const override = (text: string) => `${HEAD}services:\n  a: {build: a}\n  b: {build: b}\ncompose-override:\n${text}`;

/** The line and the whole first message; with several problems, how many. */
const TABLE: readonly { text: string; line: number; message: string | RegExp; count?: number }[] = [
  // The head.
  { text: api(0), line: 1, message: "missing key `compose`" },
  {
    text: `${HEAD.replace(/^.*\n/, "")}compose:\n  services: {a: {build: a}}\n`,
    line: 1,
    message: "missing key `auterion-api-version`",
  },
  { text: `${api(0)}compose:\n  services: {}\n`, line: 8, message: "`compose.services`: is empty" },
  { text: `${api(0)}compose:\n  services: {a: {build: d}}\n`, line: 8, message: "build folder `d` does not exist" },
  {
    text: `${api(0)}compose:\n  services:\n    a: {build: a, depends_on: [b]}\n    b: {build: b, depends_on: [a]}\n`,
    line: 9,
    message: "services wait for one another: a -> b -> a",
  },
  {
    text: `${api(8)}services: {a: {build: a}}\n`,
    line: 1,
    message: "`auterion-api-version`: expected an API version, 0 to 7, found the number 8",
  },
  { text: `${api('"3"')}services: {a: {build: a}}\n`, line: 1, message: /expected an API version, 0 to 7, found "3"/ },
  { text: `${HEAD}servces: {a: {build: a}}\n`, line: 1, message: "missing key `services`", count: 2 },
  {
    text: `${HEAD.replace("app-name: app", "app-name: App")}services: {a: {build: a}}\n`,
    line: 3,
    message: /`app-name`: expected lower-case/,
  },
  {
    text: `${HEAD.replace("1.0.0", "1.0")}services: {a: {build: a}}\n`,
    line: 5,
    message: "`app-version`: expected a text, found the number 1.0",
  },
  {
    text: `${HEAD.replace("1.0.0", "1.0+git")}services: {a: {build: a}}\n`,
    line: 5,
    message: /`app-version`: expected a text of up to 128/,
  },
  {
    text: `${HEAD.replace("1.0.0", "2020-01-01")}services: {a: {build: a}}\n`,
    line: 5,
    message: "`2020-01-01` is read as a date",
  },
  {
    text: `${HEAD.replace("none", "latest")}services: {a: {build: a}}\n`,
    line: 2,
    message: /`auterion-app-base`: expected `none`/,
  },
  {
    text: `${HEAD.replace("skynode", "skynod")}services: {a: {build: a}}\n`,
    line: 6,
    message: "unknown device `skynod`: did you mean `skynode`?",
  },
  {
    text: `${HEAD.replace("skynode", "\n- skynode\n- simulation")}services: {a: {build: a}}\n`,
    line: 8,
    message: /^the targets have several architectures/,
  },
  {
    text: `${HEAD.replace("skynode", "{skynode: 1}")}services: {a: {build: a}}\n`,
    line: 6,
    message: /a device or a list of devices/,
  },
  {
    text: `${HEAD.replace("com.example", "com example")}services: {a: {image: a}}\n`,
    line: 4,
    message: /^`com example.app.image` cannot be a name in the package/,
  },
  {
    text: `${HEAD.replace("app-name: app", `app-name: ${"a".repeat(80)}`)}services: {a: {image: a}}\n`,
    line: 3,
    message: /has at most 90 characters$/,
  },
  // Services.
  { text: services("  {}\n"), line: 7, message: "`services`: is empty" },
  { text: services("  a b: {build: a}\n"), line: 8, message: /^`a b` is not a legal name in `services`/ },
  {
    text: services(Array.from({ length: 501 }, (_, i) => `  s${i}: {build: a}\n`).join("")),
    line: 7,
    message: "`services`: has more than 500 entries",
  },
  { text: services("  a:\n"), line: 8, message: "`services.a`: expected a mapping, found nothing" },
  { text: services("  a: {}\n"), line: 8, message: "the service has neither `build` nor `image`" },
  { text: services("  a:\n    biuld: a\n"), line: 8, message: "the service has neither `build` nor `image`", count: 2 },
  { text: services("  a:\n    build: d\n"), line: 9, message: "build folder `d` does not exist" },
  { text: services("  a:\n    build: ../\n"), line: 9, message: "build folder `../` lies outside the project folder" },
  {
    text: services("  a:\n    build: auterion-app.yml\n"),
    line: 9,
    message: "build folder `auterion-app.yml` is not a folder",
  },
  {
    text: services("  a:\n    build: https://example.com/x.git\n"),
    line: 9,
    message: "build folder `https://example.com/x.git` is remote",
  },
  { text: services('  a:\n    build: "a\\0b"\n'), line: 9, message: /holds a NUL character/ },
  { text: services("  A: {build: a}\n"), line: 8, message: /`com.example.app.A:1.0.0` is no legal name of an image/ },
  { text: services("  a_-b: {build: a}\n"), line: 8, message: /is no legal name of an image/ },
  { text: services(`  a:\n    image: x:1@sha256:${"0".repeat(64)}\n`), line: 9, message: /has a digest/ },
  { text: services("  a:\n    image: X\n"), line: 9, message: /`X` is no legal name of an image/ },
  { text: services("  1: {build: a}\n"), line: 8, message: "the key `1` is read as a number" },
  { text: services("  a: {build: a}\n  a: {build: b}\n"), line: 9, message: "key `a` is already in line 8" },
  {
    text: services("  a: {build: 5, ssh: 1}\n  b: {build: b, http: []}\n"),
    line: 8,
    message: /`services.a.build`/,
    count: 3,
  },
  // API versions.
  {
    text: `${api(1)}services:\n  a:\n    build: a\n    http: {/: {proxy: {port: 1}}}\n`,
    line: 10,
    message: "key `http` came with API version 2, the manifest says 1",
  },
  {
    text: `${api(2)}services: {a: {build: a}}\nlogging: {}\n`,
    line: 8,
    message: "key `logging` came with API version 3, the manifest says 2",
  },
  // compose-override.
  {
    text: override("  services:\n    c: {}\n"),
    line: 12,
    message: "override of an unknown service `c`: did you mean `a`?",
  },
  {
    text: override("  services:\n    a:\n"),
    line: 12,
    message: /`compose-override.services.a`: expected a mapping, found nothing/,
  },
  {
    text: override("  services:\n    a:\n      depends_on: [c]\n"),
    line: 13,
    message: /^`depends_on` of `a` names an unknown service `c`/,
  },
  {
    text: override("  services:\n    a:\n      depends_on: b\n"),
    line: 13,
    message: /a list of services, or a mapping/,
  },
  {
    text: override("  services:\n    a:\n      depends_on:\n        b: {condition: healthy}\n"),
    line: 14,
    message: /expected service_started, service_healthy, service_completed_successfully, found "healthy"/,
  },
  {
    text: override("  services:\n    a: {depends_on: [a]}\n"),
    line: 12,
    message: "services wait for one another: a -> a",
  },
  {
    text: override(
      "  services:\n    a: {depends_on: [b]}\n    b:\n      depends_on: {a: {condition: service_started}}\n",
    ),
    line: 12,
    message: "services wait for one another: a -> b -> a",
  },
  {
    text: override("  services:\n    a: {network_mode: 'service:x'}\n"),
    line: 12,
    message: /^`network_mode` of `a` names an unknown service `x`/,
  },
  {
    text: override("  services:\n    a: {links: ['x:alias']}\n"),
    line: 12,
    message: /^`links` of `a` names an unknown service `x`/,
  },
  {
    text: override("  services:\n    a: {volumes_from: ['x:ro']}\n"),
    line: 12,
    message: /^`volumes_from` of `a` names an unknown/,
  },
  {
    text: override("  services:\n    a:\n      image: b:1@sha256:0\n"),
    line: 13,
    message: /is no legal name of an image/,
  },
  {
    text: override("  services:\n    a: {image: 'com.example.app.b:1.0.0'}\n"),
    line: 9,
    message: "`b` and `a` have the same image name, `com.example.app.b:1.0.0`",
  },
  {
    text: override("  services:\n    a:\n      build:\n        dockerfile: ../../x\n"),
    line: 14,
    message: /lies outside the project folder$/,
  },
  {
    text: override("  services:\n    a:\n      build:\n        dockerfle: x\n"),
    line: 14,
    message: "`build` key `dockerfle` is not supported: did you mean `dockerfile`?",
  },
  {
    text: override("  services:\n    a:\n      build:\n        labels: {}\n"),
    line: 14,
    message: /`build` key `labels` is not supported/,
  },
  {
    text: override("  services:\n    a:\n      build:\n        args: [X]\n"),
    line: 14,
    message: "build argument `X` has no value",
  },
  { text: override("  services:\n    a:\n      build: d\n"), line: 13, message: "build folder `d` does not exist" },
  {
    text: override("  services:\n    a:\n      sysctls: {1: x}\n"),
    line: 13,
    message: "the key `1` is read as a number",
  },
  // Parameters.
  {
    text: `${api(6)}services: {a: {build: a}}\nparameters:\n- {name: p, description: {short: x}, type: int64, default: 1.5}\n`,
    line: 9,
    message: "`default` of parameter `p` is not of its type, int64",
  },
  {
    text: `${api(6)}services: {a: {build: a}}\nparameters:\n- {name: p, description: {short: x}, type: bool, default: yes, enum_values: {0: a}}\n`,
    line: 9,
    message: "`enum_values` of parameter `p` needs type int64, found bool",
  },
  {
    text: `${api(6)}services: {a: {build: a}}\nparameters:\n- {name: p, description: {short: x}, type: 'string[]', default: [a, 1]}\n`,
    line: 9,
    message: "`default` of parameter `p` is not of its type, string[]",
  },
  {
    text: `${api(6)}services: {a: {build: a}}\nparameters:\n- {name: p, description: {short: x}, type: int, default: 1}\n`,
    line: 9,
    message: /expected one of bool, int64, .*, found "int": did you mean/,
  },
];

for (const { text, line, message, count = 1 } of TABLE) {
  test(`line ${line}: ${message}`, async (t) => {
    const dir = project(t, { "auterion-app.yml": text });
    const error = await failure(readAppManifest(dir));
    assert.equal(error.fault, "input");
    assert.equal(error.where, `${join(dir, "auterion-app.yml")}:${line}`);
    const what = error.message.slice(`${error.where}: `.length);
    if (typeof message === "string") assert.equal(what, message);
    else assert.match(what, message);
    assert.equal(error.reason.filter((one) => one.startsWith(dir)).length + 1, count);
  });
}
