import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { ImportReport } from "../../spec/store-reports.ts";
import { type Aircrate, aircrateFor, decodeText } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

const REFERENCE = "docker.io/library/busybox:1.36";

/** An application on busybox. */
function writeProject(t: TestContext): string {
  return writeFiles(tempDir(t), {
    "auterion-app.yml": manifestOf(),
    "one/Dockerfile": "FROM busybox:1.36\nCOPY run.sh /app/run.sh\nUSER 1000\n",
    "one/run.sh": "#!/bin/sh\necho one\n",
  });
}

async function importedBy(aircrate: Aircrate, ...args: string[]): Promise<ImportReport> {
  const { status, stdout, stderr } = await aircrate.run(["store", "import", "--json", ...args]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return decodeText(ImportReport, stdout);
}

/** Builds offline, and proves the file and the store. @returns the file */
async function builtOffline(t: TestContext, aircrate: Aircrate, project: string): Promise<string> {
  const file = join(tempDir(t), "app.auterionos");
  await aircrate.build([project, "-o", file, "--offline"]);
  for (const command of [
    ["verify", file],
    ["store", "verify"],
  ]) {
    const { status, stderr } = await aircrate.run(command);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  }
  return file;
}

test("an image that another tool wrote to a file is a base for builds without a registry", async (t) => {
  if (!requireTool(t, "skopeo")) return;
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const project = writeProject(t);
  const dir = tempDir(t);
  const pulled = join(dir, "pulled.auterionos");
  const puller = aircrateFor(t);
  await puller.build([project, "-o", pulled, "--mirror", `docker.io=${registry.host}`]);
  const expected = await sha256Of(pulled);
  const { entries, digest: indexDigest } = registry.seed.images["library/busybox:1.36"]!;
  const arm64 = entries!["linux/arm64/v8"]!.digest;
  const copy = (to: string, ...options: string[]) =>
    runOk("skopeo", [
      ...[
        "copy",
        "--insecure-policy",
        "--src-tls-verify=false",
        "--override-arch",
        "arm64",
        "--override-variant",
        "v8",
      ],
      ...options,
      ...[`docker://${registry.host}/library/busybox:1.36`, to],
    ]);

  await t.test("an OCI layout of skopeo: folder, tar, gzip'd tar; with the same bytes", async (t) => {
    await copy(`oci:${join(dir, "layout")}:${REFERENCE}`);
    await copy(`oci-archive:${join(dir, "layout.tar")}:${REFERENCE}`);
    writeFileSync(join(dir, "layout.tar.gz"), gzipSync(readFileSync(join(dir, "layout.tar"))));
    for (const name of ["layout", "layout.tar", "layout.tar.gz"]) {
      const aircrate = aircrateFor(t);
      const report = await importedBy(aircrate, join(dir, name));
      const [image] = report.files[0]!.images;
      assert.deepEqual(image?.references, [REFERENCE]);
      assert.deepEqual([image?.platform, image?.manifest, image?.manifestOrigin], ["linux/arm64", arm64, "original"]);
      assert.equal(report.added.count, 1);
      assert.equal(await sha256Of(await builtOffline(t, aircrate, project)), expected, name);
      const again = await importedBy(aircrate, join(dir, name));
      assert.equal(again.added.count, 0, "the store has it");
    }
  });

  await t.test("all platforms of an index, also when the reference is pinned", async (t) => {
    const file = join(dir, "all.tar");
    await copy(`oci-archive:${file}:${REFERENCE}`, "--all");
    const aircrate = aircrateFor(t);
    const report = await importedBy(aircrate, file);
    const platforms = report.files[0]!.images.map(({ platform }) => platform);
    assert.deepEqual(platforms.sort(), ["linux/amd64", "linux/arm64"]);
    for (const digest of [indexDigest, arm64]) {
      const pinned = writeProject(t);
      writeFileSync(join(pinned, "one/Dockerfile"), `FROM busybox@${digest}\nCOPY run.sh /app/run.sh\nUSER 1000\n`);
      await builtOffline(t, aircrate, pinned);
    }
  });

  await t.test("a docker-archive of skopeo, whose plain layer is packed here, always the same", async (t) => {
    await copy(`docker-archive:${join(dir, "save.tar")}:busybox:1.36`);
    writeFileSync(join(dir, "save.tar.gz"), gzipSync(readFileSync(join(dir, "save.tar"))));
    const manifests = new Set<string>();
    for (const name of ["save.tar", "save.tar.gz"]) {
      const aircrate = aircrateFor(t);
      const [image] = (await importedBy(aircrate, join(dir, name))).files[0]!.images;
      assert.deepEqual([image?.references, image?.manifestOrigin], [[REFERENCE], "made"]);
      manifests.add(image!.manifest);
      await builtOffline(t, aircrate, project);
      assert.deepEqual(readdirSync(join(aircrate.store, "aircrate/tmp")), []);
    }
    assert.equal(manifests.size, 1);
  });

  await t.test("podman save, as docker-archive and as oci-archive", async (t) => {
    const engine = await podmanFor(t);
    if (engine === undefined) return;
    await copy(`docker-archive:${join(dir, "podman-in.tar")}:${REFERENCE}`);
    await engine.podman(["load", "-i", join(dir, "podman-in.tar")]);
    for (const format of ["docker-archive", "oci-archive"]) {
      const file = join(dir, `podman-${format}.tar`);
      await engine.podman(["save", "--format", format, "-o", file, REFERENCE]);
      const aircrate = aircrateFor(t);
      const report = await importedBy(aircrate, file);
      assert.deepEqual(report.files[0]!.images[0]!.references, [REFERENCE]);
      await builtOffline(t, aircrate, project);
    }
  });

  await t.test("docker save", async (t) => {
    const engine = await dockerdFor(t);
    if (engine === undefined) return;
    await copy(`docker-archive:${join(dir, "docker-in.tar")}:${REFERENCE}`);
    await engine.docker(["load", "-i", join(dir, "docker-in.tar")]);
    const file = join(dir, "docker.tar");
    await engine.docker(["save", "-o", file, "busybox:1.36"]);
    const aircrate = aircrateFor(t);
    assert.deepEqual((await importedBy(aircrate, file)).files[0]!.images[0]!.references, [REFERENCE]);
    await builtOffline(t, aircrate, project);
  });

  await t.test("our own files", async (t) => {
    const name = "docker.io/library/com.example.app.one:1.0.0";
    const on = writeFiles(tempDir(t), {
      "aircrate.yml": `images: {next: {from: "${name}", layers: [{name: app, copy: [{from: more, to: /more}]}]}}\n`,
      more: "more\n",
    });
    await puller.build([project, "-o", join(dir, "own.oci.tar"), "--offline", "--format", "oci"]);
    await puller.build([project, "-o", join(dir, "own.docker.tar"), "--offline", "--format", "docker-archive"]);
    const sums = new Set<string>();
    for (const [file, origin] of [
      [pulled, "made"],
      [join(dir, "own.oci.tar"), "original"],
      [join(dir, "own.docker.tar"), "original"],
    ] as const) {
      const aircrate = aircrateFor(t);
      const [image] = (await importedBy(aircrate, file)).files[0]!.images;
      assert.deepEqual([image?.references, image?.manifestOrigin], [[name], origin]);
      const out = join(tempDir(t), "next.tar");
      await aircrate.build([on, "-o", out, "--offline"]);
      const { status, stderr } = await aircrate.run(["verify", out]);
      assert.equal(status, 0, stderr);
      sums.add(await sha256Of(out));
    }
    assert.equal(sums.size, 2, "the two with packed layers give the same bytes");
  });
});

test("what a build makes does not depend on layers that were imported before", async (t) => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`own/${i}`, prose(i, 9000)]));
  const project = writeFiles(tempDir(t), {
    "auterion-app.yml": manifestOf(),
    "one/Dockerfile": "FROM scratch\nCOPY own /own\n",
    ...Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`one/${name}`, bytes])),
  });
  const first = aircrateFor(t);
  const dir = tempDir(t);
  const [expected, again] = [join(dir, "first.auterionos"), join(dir, "again.auterionos")];
  await first.build([project, "-o", expected]);
  const second = aircrateFor(t);
  const { added } = await importedBy(second, expected);
  assert.equal(added.count, 1);
  await second.build([project, "-o", again]);
  assert.equal(await sha256Of(again), await sha256Of(expected));
});
