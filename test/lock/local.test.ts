import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build } from "../../lib/build/build.ts";
import { digestOf } from "../../lib/digest.ts";
import { removeImages } from "../../lib/local/images.ts";
import { lockProject } from "../../lib/lock/lock.ts";
import { serverFor } from "../http/servers.ts";
import { localImages } from "../local/images.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { makeImage } from "../support/image-content.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";

test("a lock does not pin local images, and says so; a pin that one comes before is told", async (t) => {
  const { store, build: buildImage } = await localImages(t);
  const registry = await registryWith(t);
  const platform = { os: "linux", architecture: "arm64" };
  for (const name of ["base", "other"])
    registry.addImage(name, "1", makeImage({ platform, layers: [tarOf([{ path: name, data: "x" }])] }));
  const base = `${registry.host}/base:1`;
  const other = `${registry.host}/other:1`;
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": `images: { a: { from: "${base}" }, b: { from: "${other}" } }\n`,
  });
  const lock = () => lockProject({ dir, store: store.root });
  const locked = (): object => JSON.parse(readFileSync(join(dir, "aircrate.lock"), "utf8")).images;
  const run = (options = {}) => build({ dir, store: store.root, output: join(dir, "out.tar"), ...options });

  assert.deepEqual((await lock()).warnings, []);
  assert.deepEqual(Object.keys(locked()), [base, other]);
  await run({ locked: true });

  await buildImage(base, "FROM scratch\nCOPY one /\n");
  const { warnings, localImages: used } = await run();
  assert.deepEqual(
    used.map(({ reference }) => reference),
    [base],
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /aircrate\.yml:1: .*base:1 is locked, but a local image has that name.*aircrate image rm/);
  await rejectsWith(run({ locked: true }), "refused", /does not fit/, /base:1 is locked, but a local image/);

  const report = await lock();
  assert.match(report.warnings.join(), /^[^,]*base:1 is a local image and not locked: other machines do not have it$/);
  assert.deepEqual(Object.keys(locked()), [other]);
  assert.deepEqual((await run({ locked: true })).warnings, []);
  await removeImages(store, [base]);
  await rejectsWith(run({ locked: true }), "refused", /base:1 is not in aircrate\.lock/);
});

test("the environment of a local image decides on remote files as that of any base", async (t) => {
  const { store, build: buildImage } = await localImages(t);
  const { origin } = await serverFor(t, { "/file": { body: "remote\n" } });
  await buildImage("base:1", `FROM scratch\nENV SUM=${digestOf("remote\n")}\n`);
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": "images: { app: { context: . } }\n",
    Dockerfile: `FROM base:1\nADD --checksum=$SUM ${origin}/file /\n`,
  });
  const { files } = await lockProject({ dir, store: store.root });
  assert.deepEqual(
    files.map(({ digest }) => digest),
    [digestOf("remote\n")],
  );
});
