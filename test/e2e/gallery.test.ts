import assert from "node:assert/strict";
import { createReadStream, createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { aircrateFor, dockerConfig, GALLERY, GALLERY_FACTS } from "../support/aircrate.ts";
import { openArtifact, sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { type Dockerd, dockerdFor } from "../support/dockerd.ts";
import { menderInstall } from "../support/mender.ts";
import { podmanFor } from "../support/podman.ts";
import { requireArm64 } from "../support/qemu.ts";
import type { RegistryMode } from "../support/registry.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { projectDir, requireTool } from "../support/tools.ts";

const { name, slug, version, deviceTypes, tags } = GALLERY_FACTS;
const TAGS = [tags.camera, tags.gallery, tags.janitor];
const PAYLOAD = ["auterion-app.yml", `${slug}.image`, "version", "settings.default.env", "settings.user.env"];

test("the photo gallery, built against a real registry", async (t) => {
  const file = await buildGallery(t, "plain");
  if (file === undefined) return;
  const { payloadDir } = await openArtifact(file, join(tempDir(t), "open"));
  const image = join(payloadDir, `${slug}.image`);
  const archive = join(payloadDir, "image.tar");
  await pipeline(createReadStream(image), createGunzip(), createWriteStream(archive));

  for (const mode of ["basic", "token"] as const) {
    await t.test(`is the same by a registry of mode ${mode}`, async (t) => {
      const other = await buildGallery(t, mode);
      if (other !== undefined) assert.equal(await sha256Of(other), await sha256Of(file));
    });
  }
  await t.test("is proved by verify", async (t) => {
    const { status, stdout, stderr } = await aircrateFor(t).run(["verify", file]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.match(stdout, /: ok \(3 services, 3 images, /);
  });
  await t.test("is an artifact that mender-artifact accepts and reads as meant", (t) => readsAsMeant(t, file));
  await t.test("has an image that gzip and pigz test", (t) => isGzip(t, image));
  await t.test("has images that skopeo inspects", (t) => skopeoInspects(t, archive));
  await t.test("has images that podman loads", (t) => podmanLoads(t, archive));

  const dockerd = await dockerdFor(t);
  if (dockerd === undefined) return;
  await t.test("has images that dockerd loads", (t) => dockerLoads(t, dockerd, image));
  await t.test("shows a picture on its web page", (t) => showsPicture(t, dockerd));
  await t.test("is installed by the Mender client", (t) => menderInstalls(t, dockerd, file));
});

/** Builds the example; undefined when the test has been skipped. */
async function buildGallery(t: TestContext, mode: RegistryMode): Promise<string | undefined> {
  const registry = requireTool(t, "tar") ? await registryFor(t, { mode }) : undefined;
  if (registry === undefined) return undefined;
  const file = join(tempDir(t), "gallery.auterionos");
  const DOCKER_CONFIG = mode === "plain" ? undefined : dockerConfig(t, registry.host, registry);
  const report = await aircrateFor(t, { env: { DOCKER_CONFIG } }).build([
    GALLERY,
    ...["-o", file, "--mirror", `docker.io=${registry.host}`],
  ]);
  assert.deepEqual(report.warnings, []);
  assert.deepEqual(report.app?.launchOrder, [["camera-control", "janitor"], ["gallery-service"]]);
  if (mode !== "plain")
    assert.match(registry.log(), /"GET \/v2\/arm64v8\/python\/manifests\/3\.11-slim HTTP[^"]*" 200/);
  return file;
}

async function readsAsMeant(t: TestContext, file: string): Promise<void> {
  if (!requireTool(t, "mender-artifact")) return;
  await runOk("mender-artifact", ["validate", file]);
  const read = await runOk("mender-artifact", ["read", file]);
  assert.match(read, new RegExp(`^ {2}Name: ${name}$`, "m"));
  assert.match(read, /^ {2}Format: mender\n {2}Version: 3\n {2}Signature: no signature$/m);
  assert.match(read, new RegExp(`^ {2}Compatible devices: '\\[${deviceTypes.join(" ")}\\]'$`, "m"));
  assert.match(
    read,
    new RegExp(`^\\s+Type: +docker\n\\s+Provides:\n\\s+docker-app\\.${slug}\\.version: ${version}$`, "m"),
  );
  assert.match(read, new RegExp(`^\\s+Clears Provides: \\["docker-app\\.${slug}\\.\\*"\\]$`, "m"));

  const opened = await openArtifact(file, join(tempDir(t), "open"));
  const listed = [
    ...read.matchAll(/^\s+name: +(\S+)\n\s+size: +(\d+)\n\s+modified:.*\n\s+checksum: ([0-9a-f]{64})$/gm),
  ];
  assert.deepEqual(
    listed.map(([, fileName]) => fileName),
    PAYLOAD,
  );
  for (const [, fileName, size, checksum] of listed) {
    const path = join(opened.payloadDir, fileName!);
    assert.equal(Number(size), readFileSync(path).length);
    assert.equal(checksum, await sha256Of(path));
  }
  assert.equal(readFileSync(join(opened.payloadDir, "version"), "utf8"), version);
  assert.deepEqual(
    readFileSync(join(opened.payloadDir, "settings.default.env")),
    readFileSync(join(projectDir(), GALLERY, "settings.default.env")),
  );
}

async function isGzip(t: TestContext, image: string): Promise<void> {
  if (!requireTool(t, "gzip", "pigz")) return;
  await runOk("gzip", ["-tv", image], { env: { LC_ALL: "C" } });
  await runOk("pigz", ["-t", image]);
}

async function skopeoInspects(t: TestContext, archive: string): Promise<void> {
  if (!requireTool(t, "skopeo")) return;
  for (const tag of TAGS) {
    const found = JSON.parse(await runOk("skopeo", ["inspect", `docker-archive:${archive}:${tag}`]));
    assert.equal(found.Architecture, "arm64");
    assert.equal(found.Os, "linux");
    const config = JSON.parse(await runOk("skopeo", ["inspect", "--config", `docker-archive:${archive}:${tag}`]));
    assert.equal(config.variant, "v8");
    assert.equal(config.rootfs.diff_ids.length, found.Layers.length);
    assert.equal(found.Layers.length, tag === tags.janitor ? 1 : 6);
    // What the base says about itself is kept in front of what the Dockerfiles add.
    assert.equal(config.history[0].created_by, tag === tags.janitor ? "BusyBox, static" : "# debian bookworm arm64");
    if (tag === tags.gallery) {
      assert.deepEqual(config.config.Cmd, ["python3", "/app/main.py"]);
      assert.deepEqual(config.config.ExposedPorts, { "8080/tcp": {} });
      assert.equal(config.config.User, "65534:65534");
      assert.equal(config.config.WorkingDir, "/app");
      assert.ok(config.config.Env.includes("PYTHON_VERSION=3.11.2"), "of the base");
      assert.ok(config.config.Env.includes("PICTURES_DIR=/data/pictures"), "of Dockerfile.base");
      assert.ok(config.config.Env.includes("GALLERY_PORT=8080"), "of the service's Dockerfile");
    }
  }
}

async function podmanLoads(t: TestContext, archive: string): Promise<void> {
  const podman = await podmanFor(t);
  if (podman === undefined) return;
  await podman.podman(["load", "-i", archive]);
  for (const tag of TAGS) {
    const format = ["--format", "{{.Os}}/{{.Architecture}}"];
    const known = tag.includes("/") ? `docker.io/${tag}` : `docker.io/library/${tag}`;
    assert.equal(await podman.podman(["image", "inspect", ...format, known]), "linux/arm64\n");
  }
}

async function dockerLoads(t: TestContext, dockerd: Dockerd, image: string): Promise<void> {
  const said = await dockerd.docker(["load", "-i", image]);
  assert.deepEqual(
    said.split("\n").filter((line) => line !== ""),
    TAGS.map((tag) => `Loaded image: ${tag}`),
  );
  const listed = await dockerd.docker(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  assert.deepEqual(listed.trim().split("\n").sort(), [...TAGS].sort());
  const format = ["--format", "{{.Os}}/{{.Architecture}}/{{.Variant}}"];
  assert.equal(await dockerd.docker(["image", "inspect", ...format, ...TAGS]), "linux/arm64/v8\n".repeat(TAGS.length));
  if (!(await requireArm64(t))) return;
  const run = ["run", "--rm", "--pull", "never", "--network", "none"];
  assert.equal(await dockerd.docker([...run, tags.janitor, "uname", "-m"]), "aarch64\n");
}

/** Runs the two services as on a device: the folder of the pictures is all that they share. */
async function showsPicture(t: TestContext, dockerd: Dockerd): Promise<void> {
  if (!(await requireArm64(t))) return;
  const data = join(tempDir(t), "data");
  mkdirSync(data, { mode: 0o755 });
  // A container leaves files that belong to root of the container, which is root here: they go with the folder.
  const run = ["run", "--detach", "--pull", "never", "--network", "none", "--volume", `${data}:/data`];
  const camera = ["--env", "CAMERA_INTERVAL_SECONDS=1", "--env", "CAMERA_WIDTH=32", "--env", "CAMERA_HEIGHT=24"];
  await dockerd.docker([...run, "--name", "camera", ...camera, tags.camera]);
  await dockerd.docker([...run, "--name", "gallery", tags.gallery]);
  try {
    const page = await waitFor(dockerd, "http://127.0.0.1:8080/", (text) => text.includes("pictures/picture-"));
    const [, picture] = /<img src="(pictures\/picture-[0-9]+[\w.-]*\.png)"/.exec(page) ?? [];
    assert.ok(picture !== undefined, page);
    assert.match(page, /<title>Photo Gallery<\/title>/);
    // As the device publishes it, and the picture itself.
    const list = JSON.parse(await fetchInside(dockerd, `http://127.0.0.1:8080/apps/${slug}/pictures.json`));
    assert.ok(list.pictures.some(({ path }: { path: string }) => path === picture));
    const signature = await fetchInside(dockerd, `http://127.0.0.1:8080/${picture}`, "[1:4]");
    assert.equal(signature, "PNG");
    const user = await dockerd.docker([
      "exec",
      "gallery",
      "python3",
      "-c",
      "import os; print(os.getuid(), os.getcwd())",
    ]);
    assert.equal(user, "65534 /app\n");
  } catch (error) {
    const logs = await Promise.all(["camera", "gallery"].map((one) => dockerd.tryDocker(["logs", one])));
    throw new Error(`${error}\n${logs.map(({ stdout, stderr }) => stdout + stderr).join("\n")}`, { cause: error });
  } finally {
    await dockerd.docker(["rm", "--force", "camera", "gallery"]);
  }
}

/** The answer to a request inside the gallery's container, which has a loopback of its own and no other network. */
function fetchInside(dockerd: Dockerd, url: string, part = ""): Promise<string> {
  const program = `import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], timeout=20).read()${part})`;
  return dockerd.docker(["exec", "gallery", "python3", "-c", program, url]);
}

async function waitFor(dockerd: Dockerd, url: string, isThere: (text: string) => boolean): Promise<string> {
  for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
    const text = await fetchInside(dockerd, url).catch((error: Error) => error);
    if (typeof text === "string" && isThere(text)) return text;
    if (Date.now() > deadline) throw text instanceof Error ? text : new Error(text);
  }
}

async function menderInstalls(t: TestContext, dockerd: Dockerd, file: string): Promise<void> {
  await dockerd.docker(["rmi", "--force", ...TAGS]);
  for (const deviceType of deviceTypes) {
    const done = await menderInstall(t, file, { dockerd, deviceType });
    if (done === undefined) return;
    assert.equal(done.status, 0, done.stderr);
    assert.equal(done.artifactName, name);
    assert.equal(done.provides.get("artifact_name"), name);
    assert.equal(done.provides.get(`docker-app.${slug}.version`), version);
    const install = done.calls.find(({ state }) => state === "ArtifactInstall");
    const files = [...(install?.tree.keys() ?? [])].filter((path) => path.startsWith("files/"));
    assert.deepEqual(files.sort(), PAYLOAD.map((one) => `files/${one}`).sort());
    const kept = join(done.payloadDir, "files/auterion-app.yml");
    // Up to API version 4 the packaged manifest names the one device that old systems know.
    assert.ok(readFileSync(kept, "utf8").endsWith("\ntarget-platform:\n- skynode\n"));
  }
  const format = ["--format", "{{.Architecture}}"];
  assert.equal(await dockerd.docker(["image", "inspect", ...format, ...TAGS]), "arm64\n".repeat(TAGS.length));

  const refused = await menderInstall(t, file, { dockerd, deviceType: "jetson" });
  assert.equal(refused?.status, 1);
  assert.match(refused.stdout + refused.stderr, /not compatible with device jetson/);
  assert.equal(refused.artifactName, "factory-image");
  assert.deepEqual(refused.calls, []);
}
