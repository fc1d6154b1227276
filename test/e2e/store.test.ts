import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { aircrateFor, copyGallery, GALLERY } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { requireTool } from "../support/tools.ts";

test("builds at the same time may share one store", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  const projects = [GALLERY, copyGallery(t), copyGallery(t), GALLERY];
  const build = (project: string, name: string, store: string) =>
    aircrate.build([project, "-o", join(dir, name), ...mirror(registry)], { store });
  await build(GALLERY, "alone", join(dir, "store-alone"));
  const expected = await sha256Of(join(dir, "alone"));

  // Slow enough that they all find the store empty and pull the same blobs.
  registry.setFault(({ kind }) => (kind === "blob" ? { bytesPerSecond: 400_000 } : undefined));
  const shared = join(dir, "store");
  await Promise.all(projects.map((project, i) => build(project, `${i}`, shared)));
  for (const i of projects.keys()) assert.equal(await sha256Of(join(dir, `${i}`)), expected);

  for (const room of ["tmp", "partial"]) assert.deepEqual(readdirSync(join(shared, "aircrate", room)), []);
  const blobs = readdirSync(join(shared, "blobs/sha256"));
  assert.deepEqual(blobs.sort(), readdirSync(join(dir, "store-alone/blobs/sha256")).sort());
  for (const name of blobs) assert.equal(await sha256Of(join(shared, "blobs/sha256", name)), name);
  const index = JSON.parse(readFileSync(join(shared, "index.json"), "utf8"));
  assert.equal(index.manifests.length, 2, "both references are listed");
});

test("a damaged or missing blob in the store is fetched or packed again", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  const build = (name: string) => aircrate.build([GALLERY, "-o", join(dir, name), ...mirror(registry)]);
  const report = await build("first");
  const expected = await sha256Of(join(dir, "first"));
  for (const [i, { digest }] of report.images[0]!.layers.entries()) {
    const blob = join(aircrate.store, "blobs/sha256", digest.slice("sha256:".length));
    if (i % 2 === 0) rmSync(blob);
    else truncateSync(blob, 20);
  }
  await build("second");
  assert.equal(await sha256Of(join(dir, "second")), expected);
  rmSync(join(aircrate.store, "aircrate"), { recursive: true });
  await build("third");
  assert.equal(await sha256Of(join(dir, "third")), expected);
});

test("the store is an OCI image layout for other tools", async (t) => {
  if (!requireTool(t, "skopeo", "umoci")) return;
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  await aircrate.build([GALLERY, "-o", join(dir, "out"), ...mirror(registry)]);
  const names = ["docker.io/arm64v8/busybox:1.36", "docker.io/arm64v8/python:3.11-slim"];
  const listed = await runOk("umoci", ["list", "--layout", aircrate.store]);
  assert.deepEqual(listed.trim().split("\n").sort(), names);
  // python has a manifest of Docker's: a layout may hold it, but skopeo looks for OCI's own types alone.
  const [name] = names;
  const source = `oci:${aircrate.store}:${name}`;
  const found = JSON.parse(await runOk("skopeo", ["inspect", source]));
  const { entries } = registry.seed.images["arm64v8/busybox:1.36"]!;
  assert.equal(found.Digest, entries?.["linux/arm64/v8"]?.digest);
  assert.equal(found.Architecture, "arm64");
  // Copies every blob, and checks each against its digest.
  await runOk("skopeo", ["copy", "--insecure-policy", source, `dir:${join(dir, "copy")}`]);
});
