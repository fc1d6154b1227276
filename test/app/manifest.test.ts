import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAppManifest } from "../../lib/app/manifest.ts";
import { outputName } from "../../lib/app/names.ts";
import { tempDir } from "../support/cleanup.ts";
import { projectDir } from "../support/tools.ts";
import { failure, HEAD, project } from "./project.ts";

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test("services of both kinds, in the order of the manifest", async (t) => {
  const dir = project(t, {
    "auterion-app.yml": `${HEAD}services:
  web:
    build: a
    build-args:
      VERSION: 1.10
      JOBS: 4
      DEBUG: no
  "10":
    image: arm64v8/busybox:1.36
  "9":
    build: .
compose-override:
  services:
    web:
      build:
        dockerfile: ../b/Dockerfile.web
        target: run
      depends_on:
        "9": {condition: service_healthy}
      image: com.example.other
    "10":
      network_mode: service:web
`,
  });
  const manifest = await readAppManifest(dir);
  const where = (line: number) => `${join(dir, "auterion-app.yml")}:${line}`;
  assert.deepEqual(manifest.services, [
    {
      name: "web",
      where: where(8),
      source: {
        kind: "build",
        context: join(dir, "a"),
        dockerfile: join(dir, "b/Dockerfile.web"),
        args: new Map([
          ["VERSION", "1.1"],
          ["JOBS", "4"],
          ["DEBUG", "false"],
        ]),
        target: "run",
      },
      imageName: "com.example.other:latest",
      dependsOn: ["9"],
      containerName: "com.example.app.web",
    },
    {
      name: "10",
      where: where(14),
      source: { kind: "image", reference: "arm64v8/busybox:1.36" },
      imageName: "arm64v8/busybox:1.36",
      dependsOn: ["web"],
      containerName: "com.example.app.10",
    },
    {
      name: "9",
      where: where(16),
      source: { kind: "build", context: dir, dockerfile: join(dir, "Dockerfile"), args: new Map() },
      imageName: "com.example.app.9:1.0.0",
      dependsOn: [],
      containerName: "com.example.app.9",
    },
  ]);
  assert.deepEqual(manifest.launchOrder, [["9"], ["web"], ["10"]]);
  assert.deepEqual(manifest.warnings, []);
});

test("the head of a manifest", async (t) => {
  const dir = project(t, {
    "auterion-app.yml": `${HEAD.replace("skynode", "[ainode, jetson]")}services: {a: {build: a}}\n`,
  });
  const manifest = await readAppManifest(dir);
  assert.deepEqual(plain({ ...manifest, services: [], document: {}, compose: {} }), {
    file: join(dir, "auterion-app.yml"),
    directory: dir,
    apiVersion: 3,
    author: "com.example",
    name: "app",
    version: "1.0.0",
    slug: "com.example.app",
    appBase: "none",
    targets: ["ainode", "jetson"],
    deviceTypes: ["jetson"],
    platform: "linux/arm64",
    services: [],
    launchOrder: [["a"]],
    messagePaths: [],
    document: {},
    kinds: { floats: {}, integerKeys: {} },
    compose: {},
    warnings: [],
  });
});

test("overrides apply before anything is checked and stand in the document", async (t) => {
  const text = HEAD.replace("app-version: 1.0.0\n", "").replace("skynode", "[skynode, toaster]");
  const dir = project(t, { "auterion-app.yml": `${text}services: {a: {build: a}}\n` });
  const manifest = await readAppManifest(dir, { simulation: true, appVersion: "2.0" });
  assert.equal(manifest.version, "2.0");
  assert.deepEqual(manifest.targets, ["simulation"]);
  assert.deepEqual(manifest.deviceTypes, ["simulation"]);
  assert.equal(manifest.platform, "linux/amd64");
  assert.equal(manifest.document["app-version"], "2.0");
  assert.equal(manifest.document["target-platform"], "simulation");
  assert.equal(manifest.services[0]?.imageName, "com.example.app.a:2.0");
  assert.equal(outputName(manifest), "com.example.app-2.0-simulation.auterionos");
  const error = await failure(readAppManifest(dir, { appVersion: "2+3" }));
  assert.equal(error.fault, "usage");
  assert.match(error.message, /"2\+3" is not a legal tag/);
});

test("an overridden version that was a float stays a text", async (t) => {
  const dir = project(t, { "auterion-app.yml": `${HEAD.replace("1.0.0", "1.0")}services: {a: {build: a}}\n` });
  const { version } = await readAppManifest(dir, { appVersion: "1.5" });
  assert.equal(version, "1.5");
});

test("the example of the project is accepted", async () => {
  const manifest = await readAppManifest(join(projectDir(), "examples/photo-gallery"));
  assert.deepEqual(manifest.warnings, []);
  assert.equal(manifest.slug, "com.example.photo-gallery");
  const names = manifest.services.map(({ name }) => name);
  assert.ok(names.includes("camera-control") && names.includes("gallery-service"));
  const wave = (name: string) => manifest.launchOrder.findIndex((one) => one.includes(name));
  assert.ok(wave("camera-control") < wave("gallery-service"));
});

test("without a manifest", async (t) => {
  const dir = tempDir(t);
  const missing = await failure(readAppManifest(join(dir, "none")));
  assert.equal(missing.fault, "unreachable");
  assert.match(missing.message, /none\/auterion-app\.yml: no such file$/);
});

test("names of files are those that the user gave", async (t) => {
  const dir = project(t, { "auterion-app.yml": "a: 1\n" });
  const before = process.cwd();
  process.chdir(dir);
  try {
    assert.equal((await failure(readAppManifest("."))).where, "auterion-app.yml:1");
  } finally {
    process.chdir(before);
  }
});

test("a build folder behind a symbolic link stays in the project or is refused", async (t) => {
  const outside = tempDir(t);
  const dir = project(t, { "auterion-app.yml": `${HEAD}services:\n  in: {build: in}\n  out: {build: out}\n` });
  symlinkSync("a", join(dir, "in"));
  symlinkSync(outside, join(dir, "out"));
  const error = await failure(readAppManifest(dir));
  assert.match(error.message, /:9: build folder `out` leads out of the project folder through a symbolic link$/);
  assert.deepEqual(error.reason, []);
});

test("a project folder that is itself a symbolic link is followed", async (t) => {
  const dir = project(t, { "auterion-app.yml": `${HEAD}services: {a: {build: a}}\n` });
  const link = join(tempDir(t), "link");
  symlinkSync(dir, link);
  const { directory, services } = await readAppManifest(link);
  assert.equal(directory, link);
  const [source] = services.map((service) => service.source);
  assert.ok(source?.kind === "build" && source.context === join(link, "a"));
});

const WARNINGS: readonly { name: string; text: string; line: number; message: RegExp }[] = [
  {
    name: "inferred since",
    text: `${HEAD.replace("version: 3", "version: 1")}services: {a: {build: a, ssh: true}}\n`,
    line: 7,
    message: /key `ssh` probably came with API version 2, the manifest says 1/,
  },
  {
    name: "unknown since",
    text: `${HEAD}services: {a: {build: a}}\nparameters: []\n`,
    line: 8,
    message: /key `parameters` is only seen from API version 6 on, the manifest says 3/,
  },
  {
    name: "perhaps dropped",
    text: `${HEAD}services: {a: {build: a}}\ndependencies: {com.example.b: "1"}\n`,
    line: 8,
    message: /key `dependencies` is only known up to API version 2, the manifest says 3/,
  },
  {
    name: "app base with a tail",
    text: `${HEAD.replace("none", "v2-foo")}services: {a: {build: a}}\n`,
    line: 2,
    message: /`v2-foo` is unusual/,
  },
  {
    name: "unusual author",
    text: `${HEAD.replace("com.example", "com.3dr")}services: {a: {build: a}}\n`,
    line: 4,
    message: /`com.3dr` is unusual: a reverse domain name/,
  },
  {
    name: "both build and image",
    text: `${HEAD}services:\n  a:\n    build: a\n    image: b\n`,
    line: 10,
    message: /`image` is not used/,
  },
  {
    name: "container name",
    text: `${HEAD}services: {a: {build: a}}\ncompose-override:\n  services:\n    a: {container_name: x}\n`,
    line: 10,
    message: /`container_name` is replaced by `com.example.app.a`/,
  },
  {
    name: "base 60",
    text: `${HEAD}services: {a: {build: a}}\ncompose-override:\n  services:\n    a:\n      ports:\n      - 22:22\n`,
    line: 12,
    message: /22:22 is read as the number 1342/,
  },
  {
    name: "unknown key",
    text: `${HEAD}services: {a: {build: a}}\ncompose: {}\n`,
    line: 8,
    message: /^unknown key `compose` \(known: /,
  },
  {
    name: "unknown key of a service",
    text: `${HEAD}services:\n  a:\n    build: a\n    shh: true\n`,
    line: 10,
    message: /^unknown key `shh`: did you mean `ssh`\?$/,
  },
  {
    name: "unknown key in one of several forms",
    text: `${HEAD}services: {a: {build: a}}\nlogging:\n  subscriptions:\n    /t: {type: a/B, rate: 1}\n`,
    line: 10,
    message: /^unknown key `rate`/,
  },
  {
    name: "a key of later API versions",
    text: `${HEAD.replace("version: 3", "version: 0")}compose: {services: {a: {build: a}}}\n`,
    line: 2,
    message: /^key `auterion-app-base` probably came with API version 1, the manifest says 0$/,
  },
  {
    name: "unknown key of a parameter",
    text: `${HEAD.replace("version: 3", "version: 6")}services: {a: {build: a}}
parameters:
- name: p
  description: {short: x}
  type: bool
  default: true
  visibilty: x
`,
    line: 13,
    message: /unknown key `visibilty`: did you mean `visibility`\?/,
  },
];

for (const { name, text, line, message } of WARNINGS) {
  test(`warning: ${name}`, async (t) => {
    const dir = project(t, { "auterion-app.yml": text });
    const { warnings } = await readAppManifest(dir);
    assert.equal(warnings.length, 1);
    assert.equal(warnings[0]?.where, `${join(dir, "auterion-app.yml")}:${line}`);
    assert.match(warnings[0].what, message);
  });
}

test("a link to nowhere is no manifest, and no folder either", async (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, "p"));
  symlinkSync("nowhere", join(dir, "p", "auterion-app.yml"));
  const error = await failure(readAppManifest(join(dir, "p")));
  assert.match(error.message, /no such file/);
});
