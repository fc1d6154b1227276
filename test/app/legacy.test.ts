import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readAircrateYml } from "../../lib/app/aircrate-yml.ts";
import { readLegacyApp } from "../../lib/app/legacy.ts";
import { outputName } from "../../lib/app/names.ts";
import type { ManifestOptions } from "../../lib/app/open-manifest.ts";
import { payloadFiles } from "../../lib/app/payload.ts";
import { makePlan } from "../../lib/plan/make.ts";
import { projectDir } from "../support/tools.ts";
import { failure, HEAD, project } from "./project.ts";

const FIXTURES = join(projectDir(), "test/app/legacy-fixtures");

async function read(dir: string, options?: ManifestOptions) {
  return readLegacyApp(dir, (await readAircrateYml(dir))!, options);
}

const TABLE = [
  { name: "devices", service: "vhf-pulse-detect", app: "vhf-pulse-detect", version: "1.0.0", tag: "latest" },
  { name: "gnuradio", service: "VHFPulseDetect", app: "vhf-pulse-detect", version: "1.0.0", tag: "latest" },
  { name: "main", service: "vhf-pulse-detect", app: "vhf-pulse-detect", version: "1.0.0", tag: "latest" },
  { name: "version", service: "uavrt_detection", app: "uavrt_detection", version: "2.5.3", tag: "2.5.3" },
];

for (const { name, service, app, version, tag } of TABLE) {
  test(`app.yml ${name}`, async () => {
    const dir = join(FIXTURES, name);
    const manifest = await read(dir);
    assert.deepEqual(manifest.warnings, []);
    assert.deepEqual([manifest.slug, manifest.version, manifest.deviceTypes], [app, version, ["skynode"]]);
    assert.equal(outputName(manifest), `${app}-${version}.auterionos`);
    assert.deepEqual(
      manifest.services.map(({ name, imageName, local }) => [name, imageName, local]),
      [[service, `${app}:${tag}`, app]],
    );
    const files = await payloadFiles(manifest, { epoch: 0 });
    assert.deepEqual(
      files.map((file) => file.name),
      ["app.yml", "version", `${app}.image`, "settings.default.yml", "auterion-app.yml"],
    );
    const text = (at: number) => Buffer.from((files[at] as { bytes: Uint8Array }).bytes).toString();
    assert.equal(text(0), readFileSync(join(dir, "app.yml"), "utf8").replaceAll("#VERSION#", version));
    assert.equal(text(1), version);
    assert.equal(text(3), "");
    assert.match(text(4), /\nauterion-api-version: 0\ncompose:\n {2}services:\n/);
    const [, image] = (await makePlan(dir)).images;
    assert.equal(image, undefined, "only the image of the project");
  });
}

test("every fixture is in the table", () => {
  assert.deepEqual(
    readdirSync(FIXTURES).sort(),
    TABLE.map(({ name }) => name),
  );
});

const APP = `app: { name: gallery, version: 1.2.3 }\n`;
const COMPOSE = `services:
  web:
    image: gallery-service:1.0.0
    depends_on: [camera]
    cpus: 1.0
  camera: { image: "camera-control:1.0.0" }
  tool: { image: "example.com/tool:1", build: a }
  cache: { image: "redis:7" }
`;
const IMAGES = "images:\n  gallery-service: { context: a }\n  camera: { context: b }\n";

function legacy(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const dockerfile = "FROM scratch\nCOPY Dockerfile /\n";
  const base = {
    "app.yml": COMPOSE,
    "aircrate.yml": APP + IMAGES,
    "a/Dockerfile": dockerfile,
    "b/Dockerfile": dockerfile,
  };
  return project(t, { ...base, ...files });
}

test("images are made by their repository, by the service, by `build`, or pulled", async (t) => {
  const dir = legacy(t);
  const plan = await makePlan(dir);
  assert.deepEqual(
    plan.outputs.map(({ service, image, tags }) => [service, image, ...tags]),
    [
      ["tool", "tool", "example.com/tool:1"],
      ["web", "gallery-service", "docker.io/library/gallery-service:1.0.0"],
      ["camera", "camera", "docker.io/library/camera-control:1.0.0"],
      ["cache", "docker.io/library/redis:7", "docker.io/library/redis:7"],
    ],
  );
  assert.deepEqual(plan.app?.launchOrder, [["camera", "tool", "cache"], ["web"]]);
  const text = Buffer.from(((await payloadFiles(plan.app!, { epoch: 0 })).at(-1) as { bytes: Uint8Array }).bytes);
  assert.match(text.toString(), /\n {6}cpus: 1\.0\n/);
});

test("version and targets may be given", async (t) => {
  const dir = legacy(t, { "app.yml": "services: {web: {image: 'gallery-service:#VERSION#'}}\n" });
  const manifest = await read(dir, { appVersion: "2.0", simulation: true });
  assert.deepEqual([manifest.version, manifest.deviceTypes], ["2.0", ["simulation"]]);
  assert.equal(manifest.services[0]?.imageName, "gallery-service:2.0");
  assert.equal(outputName(manifest), "gallery-2.0-simulation.auterionos");
  assert.equal((await failure(read(dir, { appVersion: "a/b" }))).fault, "usage");
});

const WRONG: readonly [name: string, files: Readonly<Record<string, string>>, where: string, message: RegExp][] = [
  ["no app.yml", { "app.yml": "" }, "app.yml:1", /the file: expected a mapping/],
  ["no image", { "app.yml": "services: {a: {build: a}}\n" }, "app.yml:1", /has no `image`/],
  ["no service", { "app.yml": "services: {a: {image: x, depends_on: [b]}}\n" }, "app.yml:1", /unknown service `b`/],
  ["a digest", { "app.yml": `services:\n  a: {image: "x@sha256:${"0".repeat(64)}"}\n` }, "app.yml:2", /has a digest/],
  [
    "a target",
    { "aircrate.yml": "app: {name: a, version: b,\n  target: [skynod]}\n" },
    "aircrate.yml:2",
    /unknown device/,
  ],
  ["a version", { "aircrate.yml": "app: {name: a,\n  version: 1.0}\n" }, "aircrate.yml:2", /expected a text, found/],
  [
    "a manifest, too",
    { "auterion-app.yml": HEAD },
    "aircrate.yml:1",
    /`app` is for projects without auterion-app\.yml/,
  ],
];

for (const [name, files, where, message] of WRONG) {
  test(`refused: ${name}`, async (t) => {
    const dir = legacy(t, files);
    const error = await failure(makePlan(dir));
    assert.equal(error.fault, "input");
    assert.equal(error.where, join(dir, where));
    assert.match(error.what, message);
  });
}
