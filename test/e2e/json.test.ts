import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { PlanDocument } from "../../spec/plan.ts";
import { BuildReport } from "../../spec/report.ts";
import { aircrateFor, copyGallery, decodeText, GALLERY, GALLERY_FACTS } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { manifestOf, writeFiles } from "../support/project.ts";

const { slug, version, deviceTypes, tags } = GALLERY_FACTS;

test("build --json prints the report and nothing else", async (t) => {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const file = join(tempDir(t), "out.auterionos");
  const { status, stdout, stderr } = await aircrate.run(["build", GALLERY, "-o", file, "--json", ...mirror(registry)]);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  const report = decodeText(BuildReport, stdout);
  assert.equal(report.file, file);
  assert.equal(report.size, statSync(file).size);
  assert.equal(report.platform, "linux/arm64");
  assert.deepEqual(report.app, {
    ...{ slug, version, deviceTypes: [...deviceTypes] },
    launchOrder: [["camera-control", "janitor"], ["gallery-service"]],
  });
  assert.deepEqual(
    report.images.map(({ service, tags: [tag] }) => [service, tag]),
    [
      ["camera-control", `docker.io/library/${tags.camera}`],
      ["gallery-service", `docker.io/library/${tags.gallery}`],
      ["janitor", `docker.io/${tags.janitor}`],
    ],
  );
  const [camera, gallery, janitor] = report.images.map(({ layers }) => layers);
  assert.deepEqual(
    camera?.map(({ source, shared }) => [source, shared]),
    [
      ["pulled", true],
      ["pulled", true],
      ["packed", true],
      ["packed", true],
      ["packed", false],
    ],
  );
  assert.deepEqual(gallery?.slice(0, 4), camera?.slice(0, 4));
  assert.equal(janitor?.length, 1);
  const unique = new Map([...camera!, ...gallery!, ...janitor!].map(({ diffId, size }) => [diffId, size]));
  assert.equal(
    report.layersSize,
    [...unique.values()].reduce((sum, size) => sum + size, 0),
  );
  assert.ok(report.apartSize > report.layersSize);

  const again = decodeText(
    BuildReport,
    (await aircrate.run(["build", GALLERY, "-o", file, "--json", ...mirror(registry)])).stdout,
  );
  const sources = again.images.flatMap(({ layers }) => layers.map(({ source }) => source));
  assert.deepEqual(new Set(sources), new Set(["store"]));
});

test("plan --json prints the plan, asks no registry and makes no file", async (t) => {
  const dir = copyGallery(t);
  const aircrate = aircrateFor(t, { store: join(tempDir(t), "store") });
  const { status, stdout, stderr } = await aircrate.run(["plan", dir, "--json"]);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  const plan = decodeText(PlanDocument, stdout);
  assert.deepEqual(
    plan.images.map(({ name, made, from }) => [name, made, from]),
    [
      ["docker.io/arm64v8/python:3.11-slim", "pull", undefined],
      ["gallery-base", "dockerfile", "docker.io/arm64v8/python:3.11-slim"],
      ["camera-control", "dockerfile", "gallery-base"],
      ["gallery-service", "dockerfile", "gallery-base"],
      ["docker.io/arm64v8/busybox:1.36", "pull", undefined],
    ],
  );
  assert.deepEqual(
    plan.outputs.map(({ service, dependsOn }) => [service, dependsOn]),
    [
      ["camera-control", []],
      ["gallery-service", ["camera-control"]],
      ["janitor", []],
    ],
  );
  assert.throws(() => statSync(join(dir, "build")), { code: "ENOENT" });
  assert.throws(() => statSync(aircrate.store), { code: "ENOENT" });
});

test("warnings stand in the document, and only without --json on standard error", async (t) => {
  const files = { "auterion-app.yml": manifestOf().replace("com.example", "example_author"), "one/Dockerfile": "" };
  const dir = writeFiles(tempDir(t), { ...files, "one/Dockerfile": "FROM scratch\nCOPY Dockerfile /\n" });
  const aircrate = aircrateFor(t);
  for (const command of ["plan", "build"]) {
    const plain = await aircrate.run([command, dir]);
    assert.equal(plain.status, 0, plain.stderr);
    assert.match(plain.stderr, /^warning: .*auterion-app\.yml:4: .*\n$/);
    const json = await aircrate.run([command, dir, "--json"]);
    assert.equal(json.stderr, "");
    assert.deepEqual(JSON.parse(json.stdout).warnings, [plain.stderr.slice("warning: ".length, -1)]);
  }
});

test("--offline builds the same from the store when the registry is gone", async (t) => {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const dir = tempDir(t);
  const build = (name: string, ...more: string[]) =>
    aircrate.build([GALLERY, "-o", join(dir, name), ...mirror(registry), ...more]);
  await build("online");
  registry.clearRequests();
  await build("asked", "--offline");
  assert.deepEqual(registry.requests, []);
  await registry.close();
  const { status } = await aircrate.run(["build", GALLERY, "-o", join(dir, "failed"), ...mirror(registry)]);
  assert.equal(status, 4, "it really is gone");
  await build("offline", "--offline");
  const expected = await sha256Of(join(dir, "online"));
  for (const name of ["asked", "offline"]) assert.equal(await sha256Of(join(dir, name)), expected);
});
