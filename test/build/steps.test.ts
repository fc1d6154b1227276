import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type BuildOptions, build } from "../../lib/build/build.ts";
import { thicken } from "../../lib/thin/thicken.ts";
import { tempDir } from "../support/cleanup.ts";
import { seedDemo } from "../support/generated-base.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { prose } from "../support/seeded.ts";
import { type DoneStep, followSteps } from "../support/steps.ts";

async function projectFor(t: TestContext) {
  const dir = writeFiles(tempDir(t), {
    "auterion-app.yml": manifestOf(),
    "one/Dockerfile":
      "FROM arm64v8/python:3.11-slim\nCOPY big /app/\nCOPY --from=arm64v8/busybox:1.36 /bin/busybox /bin/\n",
  });
  writeFileSync(join(dir, "one/big"), prose(1, 600_000));
  const registry = await registryWith(t);
  seedDemo(registry);
  const options = {
    dir,
    store: join(tempDir(t), "store"),
    registry: { mirrors: new Map([["docker.io", registry.host]]) },
  };
  /** Builds, and tells what was done in which steps. */
  async function run(more: Partial<BuildOptions> = {}) {
    const { event, done, running } = followSteps();
    const report = await build({ ...options, ...more, onEvent: event });
    assert.equal(running(), 0);
    return { report, done };
  }
  return { dir, store: options.store, run };
}

function worked(steps: readonly DoneStep[], work: DoneStep["work"]): DoneStep[] {
  return steps.filter((step) => step.work === work).sort((a, b) => (a.name < b.name ? -1 : 1));
}

test("the steps of a build tell of every byte, and come to their end", async (t) => {
  const { dir, run } = await projectFor(t);
  const { report, done } = await run();
  assert.deepEqual(
    worked(done, "resolve").map(({ name, size }) => [name, size]),
    [
      ["docker.io/arm64v8/busybox:1.36", undefined],
      ["docker.io/arm64v8/python:3.11-slim", undefined],
    ],
  );
  const layers = report.images[0]!.layers.filter(({ source }) => source === "packed");
  const packed = worked(done, "pack");
  assert.deepEqual(
    new Set(packed.map(({ size, bytes }) => `${size} ${bytes}`)),
    new Set(layers.map(({ plainSize }) => `${plainSize} ${plainSize}`)),
  );
  assert.match(packed[0]!.name, /one\/Dockerfile:2 COPY big \/app\/$/);
  assert.equal(worked(done, "unpack").length, 1, "the file that is copied out of an image");
  const write = { work: "write", name: report.file, size: report.size, bytes: report.size };
  assert.deepEqual(worked(done, "write"), [write]);
  assert.equal(statSync(report.file).size, report.size);

  const again = await run();
  assert.deepEqual(new Set(worked(again.done, "pack").map(({ bytes }) => bytes)), new Set([0]), "all is found");
  assert.deepEqual(worked(again.done, "write"), [write]);

  for (const format of ["docker-archive", "oci"] as const) {
    const other = await run({ format, output: join(dir, format) });
    const [{ size, bytes } = {}] = worked(other.done, "write");
    assert.deepEqual([size, bytes, statSync(join(dir, format)).size], Array(3).fill(other.report.size));
  }
});

test("those of a thin build, and of what makes it thick again", async (t) => {
  const { dir, run, store } = await projectFor(t);
  const { report: first } = await run();
  writeFileSync(join(dir, "one/big"), prose(2, 600_000));
  const since = [first.file];
  const { report, done } = await run({ since, appVersion: "2.0" });
  assert.deepEqual(
    worked(done, "read").map(({ name }) => name),
    since,
  );
  const [check] = worked(done, "check");
  assert.deepEqual([check?.size, check?.bytes], [report.thin!.fullSize, report.thin!.fullSize]);

  const { event, done: steps, running } = followSteps();
  const { size, file } = await thicken(report.file, { store, with: since, onEvent: event });
  assert.equal(running(), 0);
  assert.deepEqual(
    worked(steps, "read").map(({ name }) => name),
    [report.file],
  );
  assert.deepEqual(worked(steps, "write"), [{ work: "write", name: file, size, bytes: size }]);
});
