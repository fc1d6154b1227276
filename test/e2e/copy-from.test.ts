import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import { aircrateFor } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { writeFiles } from "../support/project.ts";
import { savedLayers } from "../support/saved-layers.ts";

const BUSYBOX = "arm64v8/busybox:1.36";

test("files come from other images and stages, and nothing else of these is in the output", async (t) => {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": `images:
  local: {from: scratch, layers: [{copy: [{from: data, to: /d, owner: "3:4"}]}]}
  app: {context: .}
`,
    "data/one": "1\n",
    "data/sub/two": "2\n",
    Dockerfile: `FROM ${BUSYBOX} AS tools
COPY --chown=5:6 data/ /data/
FROM scratch AS unused
COPY data/one /never
FROM arm64v8/python:3.11-slim
COPY --from=tools /bin/sh /bin/busybox /bin/ls /opt/
COPY --from=tools /data /data
COPY --from=${BUSYBOX} --chmod=600 /etc/group /etc/groups
COPY --from=local /d/s* /from-local/
COPY --from=0 --chown=7 /data/one /numbered
`,
  });
  const build = () => aircrate.build([dir, ...mirror(registry)]);
  const report = await build();
  const [image] = report.images;
  const own = (await savedLayers(report.file)).slice(2);
  assert.deepEqual(own, [
    [
      "directory opt 755 0:0",
      "file opt/busybox 755 0:0",
      "hardlink opt/ls 755 0:0 -> opt/busybox",
      "hardlink opt/sh 755 0:0 -> opt/busybox",
    ],
    ["directory data 755 0:0", "file data/one 644 5:6", "directory data/sub 755 5:6", "file data/sub/two 644 5:6"],
    ["directory etc 755 0:0", "file etc/groups 600 0:0"],
    ["directory from-local 755 0:0", "file from-local/two 644 3:4"],
    ["file numbered 644 7:7"],
  ]);
  assert.equal(report.images.length, 1, "what is only copied from is no output");
  assert.ok(image!.layers.every(({ origin }) => !origin.includes("never")));
  await isSameWithoutStore(t, { report, dir, args: mirror(registry) });
});

/** Another store, another order of things on disk: the same bytes. */
async function isSameWithoutStore(
  t: TestContext,
  { report, dir, args }: { report: BuildReport; dir: string; args: readonly string[] },
): Promise<void> {
  const before = readFileSync(report.file);
  const again = await aircrateFor(t).build([dir, ...args]);
  assert.ok(readFileSync(again.file).equals(before));
}

test("a source that leaves the image that it is taken from is told with that image", async (t) => {
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": "images: {app: {context: .}}\n",
    Dockerfile: "FROM scratch AS tools\nFROM scratch\nCOPY --from=tools ../../f /f\n",
  });
  const { status, stderr } = await aircrateFor(t).run(["build", dir]);
  assert.equal(status, 3);
  assert.match(
    stderr,
    /^aircrate: .*Dockerfile:3: the source \.\.\/\.\.\/f lies outside stage tools\n {2}-> paths are relative to the root/,
  );
});
