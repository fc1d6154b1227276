import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import { ThickenReport } from "../../spec/thicken-report.ts";
import { type Aircrate, aircrateFor, decodeText } from "../support/aircrate.ts";
import { openArtifact, sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { type Dockerd, dockerdFor } from "../support/dockerd.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { generatedBase } from "../support/generated-base.ts";
import { makeImage } from "../support/image-content.ts";
import { menderInstall } from "../support/mender.ts";
import { writeFiles } from "../support/project.ts";
import { requireArm64 } from "../support/qemu.ts";
import { registryWith } from "../support/registries.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { noise, prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

const SLUG = "com.example.thin";

/** Two services with a large layer of dependencies and a small one each. */
function writeProject(t: TestContext, base: string, appBase = "none"): string {
  const dockerfile = (own: string) =>
    `FROM ${base}\nCOPY dependencies /opt/\nCOPY ${own} /version\nCMD ["cat", "/version"]\n`;
  return writeFiles(join(tempDir(t), "project"), {
    "auterion-app.yml": `auterion-api-version: 3
auterion-app-base: ${appBase}
app-name: thin
app-author: com.example
app-version: "1.0"
target-platform: skynode
services:
  one: { build: one }
  two: { build: two }
`,
    "settings.default.env": "LEVEL=1\n",
    "one/Dockerfile": dockerfile("one"),
    "one/dependencies": noise(1, 400_000),
    "one/one": "one 1.0\n",
    "two/Dockerfile": dockerfile("two"),
    "two/dependencies": noise(1, 400_000),
    "two/two": "two 1.0\n",
  });
}

interface Project {
  readonly dir: string;
  readonly aircrate: Aircrate;
  /** Builds a version: in full, or thin with the options. */
  build(version: string, name: string, ...options: string[]): Promise<BuildReport & { readonly file: string }>;
}

function projectFor(t: TestContext, dir: string, host: string): Project {
  const aircrate = aircrateFor(t);
  const out = tempDir(t);
  return {
    dir,
    aircrate,
    build: (version, name, ...options) =>
      aircrate.build([
        ...[dir, "--mirror", `docker.io=${host}`, "--app-version", version],
        ...["-o", join(out, `${name}.auterionos`), ...options],
      ]),
  };
}

/** What a layer is in the file for, or is not. */
function placesOf({ images }: BuildReport): string[][] {
  return images.map(({ layers }) => layers.map(({ thin }) => `${thin?.inFile === true ? "in" : "out"}: ${thin?.why}`));
}

async function expectOk(aircrate: Aircrate, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await aircrate.run(args);
  assert.equal(status, 0, stderr);
  return { stdout, stderr };
}

test("an update since a version is thin, says what it needs, and gives back the full one byte for byte", async (t) => {
  const registry = await registryWith(t);
  registry.addImage("arm64v8/python", "3.11-slim", generatedBase());
  const { build, dir, aircrate } = projectFor(t, writeProject(t, "arm64v8/python:3.11-slim"), registry.host);
  const one = await build("1.0", "one");
  writeFileSync(join(dir, "two/two"), "two 1.1\n");
  const full = await build("1.1", "full");
  const thin = await build("1.1", "thin", "--since", one.file);

  const version = "on the device with version 1.0";
  const same = [`out: ${version}`, `out: ${version}`, `out: ${version}`];
  assert.deepEqual(placesOf(thin), [
    [...same, `out: ${version}`],
    [...same, "in: not in version 1.0"],
  ]);
  const sha256 = await sha256Of(full.file);
  assert.deepEqual(thin.thin, {
    fullSize: full.size,
    fullSha256: sha256,
    leftOutSize: thin.layersSize - thin.images[1]!.layers[3]!.size,
    since: ["1.0"],
  });
  assert.equal(thin.size, statSync(thin.file).size);
  assert.ok(thin.size < 40_000, `an edit of one line weighs ${thin.size} bytes`);
  assert.equal(full.thin, undefined);

  await t.test("its configs and documents are those of the full one, and mender-artifact reads it", async (t) => {
    if (!requireTool(t, "mender-artifact", "tar")) return;
    await runOk("mender-artifact", ["validate", thin.file]);
    const read = await runOk("mender-artifact", ["read", thin.file]);
    assert.match(read, new RegExp(`Depends:\\n\\s+docker-app\\.${SLUG}\\.version: 1\\.0\n`));
    const { header } = await openArtifact(thin.file, join(tempDir(t), "open"));
    assert.deepEqual(JSON.parse(header.get("headers/0000/type-info")!).artifact_depends, {
      [`docker-app.${SLUG}.version`]: "1.0",
    });
    assert.deepEqual(
      thin.images.map(({ configDigest, manifestDigest }) => ({ configDigest, manifestDigest })),
      full.images.map(({ configDigest, manifestDigest }) => ({ configDigest, manifestDigest })),
    );
  });

  await t.test("verify says that it is thin, and proves it with the version that it goes onto", async () => {
    const alone = await expectOk(aircrate, "verify", thin.file);
    assert.match(alone.stderr, /^warning: artifact: is thin: 4 layers are not in it, [0-9]+ bytes packed/);
    const proved = await expectOk(aircrate, "verify", thin.file, "--with", one.file);
    assert.equal(proved.stderr, "");
    const other = await build("3.0", "other");
    const unproved = await aircrate.run(["verify", thin.file, "--with", other.file]);
    assert.match(unproved.stderr, /is version 3\.0/);
  });

  await t.test("inspect shows it", async () => {
    const { stdout } = await expectOk(aircrate, "inspect", thin.file);
    assert.match(
      stdout,
      new RegExp(`thin +yes, without 4 layers of .* by version 1\\.0, in full .*, sha256 ${sha256}`),
    );
    assert.match(stdout, /left out/);
    assert.doesNotMatch(stdout, /cannot be read/);
  });

  await t.test("thicken needs nothing but the two files", async (t) => {
    const elsewhere = aircrateFor(t);
    const output = join(tempDir(t), "again.auterionos");
    const { stdout } = await expectOk(elsewhere, "thicken", thin.file, "--with", one.file, "-o", output, "--json");
    assert.equal(await sha256Of(output), sha256);
    const report = decodeText(ThickenReport, stdout);
    assert.equal(report.sha256, sha256);
    assert.equal(report.added.length, 4);
  });

  await t.test("thicken without them names what is missing and writes nothing", async (t) => {
    const elsewhere = aircrateFor(t, { cwd: tempDir(t) });
    const { status, stderr } = await elsewhere.run(["thicken", thin.file, "-o", "again"]);
    assert.equal(status, 3, stderr);
    assert.match(stderr, /layers are in none of the files\n.*left out since it is in version 1\.0/);
    const full = await elsewhere.run(["thicken", one.file, "-o", "again"]);
    assert.equal(full.status, 3);
    assert.match(full.stderr, /is not thin/);
  });

  await t.test("an update of the thin one is as thin, and of two versions the artifact takes either", async () => {
    writeFileSync(join(dir, "two/two"), "two 1.2\n");
    const next = await build("1.2", "next", "--since", thin.file, "--since", one.file);
    assert.deepEqual(next.thin?.since, ["1.1", "1.0"]);
    assert.equal(next.images[1]!.layers.filter((layer) => layer.thin?.inFile).length, 1);
    await expectOk(aircrate, "verify", next.file, "--with", one.file);
  });

  await t.test("what cannot be built on is refused", async () => {
    const refused = async (status: number, text: RegExp, ...args: string[]) => {
      const done = await aircrate.run(["build", dir, "--mirror", `docker.io=${registry.host}`, ...args]);
      assert.equal(done.status, status, done.stderr);
      assert.match(done.stderr, text);
    };
    await refused(3, /is version 1\.0, the one that is built/, "--since", one.file);
    await refused(3, /auterion-app-base is none/, "--thin");
    await refused(2, /only \.auterionos files can be thin/, "--since", one.file, "--format", "oci");
    await refused(4, /no such file/, "--since", join(dir, "missing"));
    const damaged = join(tempDir(t), "damaged.auterionos");
    const bytes = readFileSync(one.file);
    bytes[bytes.length / 2] = bytes[bytes.length / 2]! ^ 1;
    writeFileSync(damaged, bytes);
    await refused(6, /the file of the earlier version is not right/, "--since", damaged, "--app-version", "2.0");
  });
});

/** A registry with Auterion's base, and an image that shares its upper layer and nothing below it. */
async function appBaseRegistry(t: TestContext): Promise<EmbeddedRegistry> {
  const registry = await registryWith(t);
  const platform = { os: "linux", architecture: "arm64", variant: "v8" };
  const lower = tarOf([{ path: "base", data: prose(1, 90_000) }]);
  const upper = tarOf([{ path: "more", data: prose(2, 90_000) }]);
  const other = tarOf([{ path: "other", data: prose(3, 30_000) }]);
  registry.addImage("auterion/app-base", "v2", makeImage({ platform, layers: [lower, upper] }));
  registry.addImage("library/other", "1", makeImage({ platform, layers: [other, upper] }));
  return registry;
}

test("--thin leaves out the base where an image has it as its lowest layers, and Docker finds it there", async (t) => {
  const registry = await appBaseRegistry(t);
  const dir = writeProject(t, "auterion/app-base:v2", "v2");
  writeFiles(dir, { "two/Dockerfile": "FROM other:1\nCOPY two /version\n" });
  const { build, aircrate } = projectFor(t, dir, registry.host);
  const full = await build("1.0", "full");
  const thin = await build("1.0", "thin", "--thin");
  const base = "on the device with auterion/app-base:v2";
  assert.deepEqual(placesOf(thin), [
    [
      `out: ${base}`,
      "in: auterion/app-base:v2 has it on other layers than two",
      ...Array(2).fill("in: not in auterion/app-base:v2"),
    ],
    [
      "in: not in auterion/app-base:v2",
      "in: auterion/app-base:v2 has it on other layers than two",
      "in: not in auterion/app-base:v2",
    ],
  ]);
  assert.deepEqual(thin.thin?.since, []);

  await t.test("the bases as they were vendored give back the full one", async (t) => {
    const options = ["--mirror", `docker.io=${registry.host}`];
    const bases = join(tempDir(t), "bases.tar");
    await expectOk(aircrate, "lock", dir, ...options);
    await expectOk(aircrate, "vendor", dir, "-o", bases, ...options);
    const output = join(tempDir(t), "again.auterionos");
    await expectOk(aircrateFor(t), "thicken", thin.file, "--with", bases, "-o", output);
    assert.equal(await sha256Of(output), await sha256Of(full.file));
    await expectOk(aircrate, "verify", thin.file, "--with", bases);
  });

  const dockerd = requireTool(t, "tar") ? await dockerdFor(t) : undefined;
  if (dockerd === undefined) return;
  const { payloadDir } = await openArtifact(thin.file, join(tempDir(t), "open"));
  const image = join(payloadDir, `${SLUG}.image`);
  const before = await dockerd.tryDocker(["load", "-i", image]);
  assert.notEqual(before.status, 0, "without the base it cannot be loaded");
  await dockerd.docker(["pull", "--quiet", "--platform", "linux/arm64", `${registry.host}/auterion/app-base:v2`]);
  await dockerd.docker(["load", "-i", image]);
  await hasImages(dockerd, full, "1.0");
});

async function hasImages(dockerd: Dockerd, { images }: BuildReport, version: string): Promise<void> {
  for (const { service, configDigest } of images) {
    const found = await dockerd.docker(["image", "inspect", "--format", "{{.Id}}", `${SLUG}.${service}:${version}`]);
    assert.equal(found.trim(), configDigest);
  }
}

test("a device takes the thin update where it has the version below, and refuses it where not", async (t) => {
  const registry = await registryFor(t);
  const dockerd = registry && (await dockerdFor(t));
  if (registry === undefined || dockerd === undefined) return;
  const { build, dir } = projectFor(t, writeProject(t, "arm64v8/busybox:1.36"), registry.host);
  const one = await build("1.0", "one");
  writeFileSync(join(dir, "two/two"), "two 1.1\n");
  const update = await build("1.1", "update", "--since", one.file);

  const refused = await menderInstall(t, update.file, { dockerd });
  if (refused === undefined) return;
  assert.equal(refused.status, 1);
  assert.match(refused.stdout + refused.stderr, /docker-app\.com\.example\.thin\.version/);
  assert.deepEqual(refused.calls, [], "before anything was written");

  const { device, status, stderr } = (await menderInstall(t, one.file, { dockerd }))!;
  assert.equal(status, 0, stderr);
  const done = (await menderInstall(t, update.file, { dockerd, device }))!;
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.artifactName, `${SLUG}:1.1`);
  assert.equal(done.provides.get(`docker-app.${SLUG}.version`), "1.1");
  await hasImages(dockerd, update, "1.1");
  if (await requireArm64(t)) {
    const run = ["run", "--rm", "--pull", "never", "--network", "none"];
    assert.equal(await dockerd.docker([...run, `${SLUG}.two:1.1`]), "two 1.1\n");
    assert.equal(await dockerd.docker([...run, `${SLUG}.one:1.1`]), "one 1.0\n");
  }

  const again = (await menderInstall(t, update.file, { dockerd, device }))!;
  assert.equal(again.status, 1, "it goes onto version 1.0 only");
  writeFileSync(join(dir, "one/one"), "one 1.2\n");
  const either = await build("1.2", "either", "--since", one.file, "--since", update.file);
  const last = (await menderInstall(t, either.file, { dockerd, device }))!;
  assert.equal(last.status, 0, last.stderr);
  await hasImages(dockerd, either, "1.2");
});

test("a single gzip member holds the same archive, and Docker loads it; so does an update of it", async (t) => {
  const registry = await registryWith(t);
  registry.addImage("arm64v8/python", "3.11-slim", generatedBase());
  const { build, dir, aircrate } = projectFor(t, writeProject(t, "arm64v8/python:3.11-slim"), registry.host);
  const members = await build("1.0", "members");
  const one = await build("1.0", "one", "--image-gzip", "single");
  assert.ok(Math.abs(one.size - members.size) < 1000, "nothing was packed anew");
  await expectOk(aircrate, "verify", one.file);
  writeFileSync(join(dir, "two/two"), "two 1.1\n");
  const full = await build("1.1", "full", "--image-gzip", "single");
  const thin = await build("1.1", "thin", "--image-gzip", "single", "--since", one.file);
  assert.ok(thin.size < 40_000);
  const again = join(tempDir(t), "again.auterionos");
  await expectOk(aircrate, "thicken", thin.file, "-o", again);
  assert.equal(await sha256Of(again), await sha256Of(full.file));

  if (!requireTool(t, "tar", "gzip", "mender-artifact")) return;
  for (const { file } of [one, full, thin]) await runOk("mender-artifact", ["validate", file]);
  const [{ payloadDir: a }, { payloadDir: b }] = [
    await openArtifact(members.file, join(tempDir(t), "members")),
    await openArtifact(one.file, join(tempDir(t), "one")),
  ];
  const name = `${SLUG}.image`;
  for (const folder of [a, b]) await runOk("sh", ["-c", 'gzip -dc "$1" > "$1.tar"', "sh", join(folder, name)]);
  assert.equal(await sha256Of(join(a, `${name}.tar`)), await sha256Of(join(b, `${name}.tar`)));
  const dockerd = await dockerdFor(t);
  const device = dockerd && (await menderInstall(t, one.file, { dockerd }));
  if (dockerd === undefined || device === undefined) return;
  assert.equal(device.status, 0, device.stderr);
  const update = (await menderInstall(t, thin.file, { dockerd, device: device.device }))!;
  assert.equal(update.status, 0, update.stderr);
  await hasImages(dockerd, thin, "1.1");
});
