import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { aircrateFor } from "../support/aircrate.ts";
import { openArtifact, sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { menderInstall } from "../support/mender.ts";
import { writeFiles } from "../support/project.ts";
import { runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const APP_YML = `version: '3.7'
services:
  camera-control: # takes pictures
    image: camera-control:#VERSION#
    volumes: [/data/app/gallery/data:/data]
  gallery-service:
    image: gallery-service:#VERSION#
    depends_on: [camera-control]
  janitor:
    image: arm64v8/busybox:1.36
`;

const FILES = {
  "app.yml": APP_YML,
  "aircrate.yml": `app: { name: gallery, author: com.example, version: 1.2.0, target: [skynode, ainode] }
images:
  base: { context: ., dockerfile: Dockerfile.base }
  camera-control: { context: camera }
  gallery-service: { from: base, layers: [{ copy: [{ from: gallery, to: /app }] }] }
`,
  "Dockerfile.base": "FROM arm64v8/python:3.11-slim\nCOPY common /common\n",
  common: "shared\n",
  "camera/Dockerfile": "FROM base\nCOPY main.py /app/\n",
  "camera/main.py": "print(1)\n",
  "gallery/main.py": "print(2)\n",
};
const PAYLOAD = ["app.yml", "version", "gallery.image", "settings.default.yml", "auterion-app.yml"];

test("a project with only an app.yml becomes a package of that time with one command", async (t) => {
  if (!requireTool(t, "mender-artifact", "tar", "gzip")) return;
  const registry = await demoRegistry(t);
  const dir = writeFiles(join(tempDir(t), "project"), FILES);
  const aircrate = aircrateFor(t);
  const report = await aircrate.build([dir, ...mirror(registry)]);
  assert.deepEqual(report.warnings, []);
  assert.equal(report.file, join(dir, "build/gallery-1.2.0.auterionos"));
  assert.deepEqual(
    report.images.map(({ service, tags }) => [service, ...tags]),
    [
      ["camera-control", "docker.io/library/camera-control:1.2.0"],
      ["gallery-service", "docker.io/library/gallery-service:1.2.0"],
      ["janitor", "docker.io/arm64v8/busybox:1.36"],
    ],
  );
  assert.deepEqual(report.app?.launchOrder, [["camera-control", "janitor"], ["gallery-service"]]);

  const ours = await openArtifact(report.file, join(tempDir(t), "ours"));
  assert.deepEqual(ours.payload, PAYLOAD);
  const read = (name: string) => readFileSync(join(ours.payloadDir, name), "utf8");
  assert.equal(read("app.yml"), APP_YML.replaceAll("#VERSION#", "1.2.0"));
  assert.equal(read("version"), "1.2.0");
  assert.equal(read("settings.default.yml"), "");

  // The packaging script's last step, by the real tool.
  const theirFile = join(tempDir(t), "theirs.auterionos");
  const meta = join(tempDir(t), "meta.json");
  writeFileSync(meta, ours.header.get("headers/0000/meta-data")!);
  await runOk("mender-artifact", [
    ...["write", "module-image", "-T", "docker", "-n", "gallery", "-t", "skynode", "-t", "jetson"],
    ...["--software-filesystem", "docker-app", "--software-name", "gallery", "--software-version", "1.2.0"],
    ...["--meta-data", meta, "-o", theirFile, ...PAYLOAD.flatMap((name) => ["-f", join(ours.payloadDir, name)])],
  ]);
  const theirs = await openArtifact(theirFile, join(tempDir(t), "theirs"));
  assert.deepEqual(
    [ours.members, [...ours.header], ours.payload],
    [theirs.members, [...theirs.header], theirs.payload],
  );

  const verified = await aircrate.run(["verify", report.file]);
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(verified.stdout, /ok \(3 services, 3 images/);
  for (const line of verified.stderr.trim().split("\n")) assert.match(line, /has no settings|older naming/);

  const again = join(tempDir(t), "again");
  await aircrate.build([dir, "-o", again, "--offline"]);
  assert.equal(await sha256Of(again), await sha256Of(report.file));

  await runOk("mender-artifact", ["validate", report.file]);
  const installed = await menderInstall(t, report.file);
  if (installed === undefined) return;
  assert.equal(installed.status, 0, installed.stderr);
  assert.equal(installed.artifactName, "gallery");
  assert.equal(installed.provides.get("docker-app.gallery.version"), "1.2.0");
});

test("check knows such a project, and lock pins what it pulls", async (t) => {
  const registry = await demoRegistry(t);
  const dir = writeFiles(join(tempDir(t), "project"), FILES);
  const aircrate = aircrateFor(t);
  const { status, stdout } = await aircrate.run(["check", dir]);
  assert.equal(status, 0);
  assert.equal(stdout.match(/app\.yml:\d+: warning AC009: /g)?.length, 3);
  assert.match(stdout, /-> below services\.janitor: logging: /);
  assert.match(stdout, /: 3 warnings\n$/);
  const locked = await aircrate.run(["lock", dir, ...mirror(registry)]);
  assert.equal(locked.status, 0, locked.stderr);
  await aircrate.build([dir, "--locked", ...mirror(registry), "-o", join(tempDir(t), "out")]);
});
