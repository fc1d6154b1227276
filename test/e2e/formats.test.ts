import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import { aircrateFor, GALLERY, GALLERY_FACTS } from "../support/aircrate.ts";
import { unpackTar } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { type Dockerd, dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { requireArm64 } from "../support/qemu.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { requireTool } from "../support/tools.ts";

const { camera, gallery, janitor } = GALLERY_FACTS.tags;
const TAGS = [camera, gallery, janitor];

test("other formats than the package", async (t) => {
  const registry = requireTool(t, "tar") ? await registryFor(t) : undefined;
  if (registry === undefined) return;
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  const mirror = ["--mirror", `docker.io=${registry.host}`];
  const buildAs = (format: string) =>
    aircrate.build([GALLERY, "-o", join(dir, `${format}.tar`), "--format", format, ...mirror]);
  const archive = await buildAs("docker-archive");
  const layout = await buildAs("oci");
  assert.equal(archive.format, "docker-archive");
  assert.equal(layout.format, "oci");

  await t.test("skopeo inspects a docker-archive of the gallery", async (t) => {
    if (requireTool(t, "skopeo"))
      for (const tag of TAGS) await inspectedBySkopeo(`docker-archive:${archive.file}:${tag}`);
  });
  await t.test("podman loads it", async (t) => {
    const podman = await podmanFor(t);
    if (podman === undefined) return;
    await podman.podman(["load", "-i", archive.file]);
    const listed = await podman.podman(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    assert.deepEqual(listed.trim().split("\n").sort(), fullNames(archive));
    const found = await podman.podman(["image", "inspect", "--format", "{{.Architecture}}", ...fullNames(archive)]);
    assert.equal(found, "arm64\n".repeat(TAGS.length));
  });
  await t.test("skopeo and umoci read an OCI layout of the gallery", (t) => readAsLayout(t, layout, archive));

  const dockerd = await dockerdFor(t);
  if (dockerd === undefined) return;
  await t.test("dockerd loads the docker-archive", async () => {
    await dockerd.docker(["load", "-i", archive.file]);
    const ids = await dockerd.docker(["image", "inspect", "--format", "{{.Architecture}} {{.Id}}", ...TAGS]);
    assert.deepEqual(
      ids.trim().split("\n"),
      archive.images.map(({ configDigest }) => `arm64 ${configDigest}`),
    );
  });
  await t.test("a project of images without application runs in dockerd", async (t) => {
    const project = join(dir, "images");
    await writeImages(project, registry.seed.layers.busybox.path);
    const report = await aircrate.build([project, ...mirror]);
    await runImages(t, dockerd, report);
  });
});

async function inspectedBySkopeo(reference: string): Promise<{ Layers: string[]; Digest: string }> {
  const found = JSON.parse(await runOk("skopeo", ["inspect", reference]));
  assert.equal(found.Architecture, "arm64", reference);
  return found;
}

function fullNames(report: BuildReport): string[] {
  return report.images.flatMap(({ tags }) => tags).sort();
}

async function readAsLayout(t: TestContext, layout: BuildReport, archive: BuildReport): Promise<void> {
  if (!requireTool(t, "skopeo", "umoci")) return;
  const dir = join(tempDir(t), "layout");
  mkdirSync(dir);
  await unpackTar(layout.file, dir);
  assert.deepEqual(readdirSync(dir).sort(), ["blobs", "index.json", "oci-layout"]);
  for (const { tags, manifestDigest, layers } of layout.images) {
    for (const reference of [`oci:${dir}:${tags[0]}`, `oci-archive:${layout.file}:${tags[0]}`]) {
      const found = await inspectedBySkopeo(reference);
      assert.equal(found.Digest, manifestDigest);
      assert.deepEqual(
        found.Layers,
        layers.map(({ digest }) => digest),
      );
    }
  }
  assert.deepEqual(
    layout.images.map(({ configDigest }) => configDigest),
    archive.images.map(({ configDigest }) => configDigest),
  );
  const listed = await runOk("umoci", ["list", "--layout", dir]);
  assert.deepEqual(listed.trim().split("\n").sort(), fullNames(layout));
}

/**
 * A tree on a reference, a Dockerfile image on that, and a tree on nothing: the last is arm64 busybox, taken out of the
 * seeded layer, and a file.
 */
async function writeImages(dir: string, busyboxLayer: string): Promise<void> {
  const files: Record<string, string> = {
    "aircrate.yml": `images:
  tools:
    from: arm64v8/busybox:1.36
    layers:
      - name: greetings
        copy:
          - { from: files, to: /opt/files }
      - copy:
          - { from: one.txt, to: /opt/one.txt }
    config:
      env: { GREETING: hello }
      workdir: /opt
  app:
    context: app
  tiny:
    from: scratch
    layers:
      - copy:
          - { from: root/bin, to: /bin }
          - { from: one.txt, to: /data/one.txt }
    config:
      entrypoint: [/bin/busybox]
      cmd: [cat, /data/one.txt]
      user: "1000:1000"
tag: "7"
`,
    "files/a.txt": "a\n",
    "files/below/b.txt": "b\n",
    "one.txt": "one\n",
    "app/Dockerfile": 'FROM tools\nCOPY start.sh /app/\nENTRYPOINT ["sh", "/app/start.sh"]\nCMD ["there"]\n',
    "app/start.sh":
      'echo "$GREETING $1 $(uname -m) $(pwd) $(cat files/a.txt files/below/b.txt one.txt | tr "\\n" " ")"\n',
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  mkdirSync(join(dir, "root"));
  await runOk("tar", ["-xf", busyboxLayer, "--no-same-owner", "-C", join(dir, "root"), "bin/busybox"]);
}

async function runImages(t: TestContext, dockerd: Dockerd, report: BuildReport): Promise<void> {
  assert.equal(report.format, "docker-archive");
  assert.match(report.file, /images\/build\/images\.tar$/);
  assert.deepEqual(fullNames(report), ["docker.io/library/app:7", "docker.io/library/tiny:7"]);
  assert.equal(
    await dockerd.docker(["load", "-i", report.file]),
    report.images.map(({ tags }) => `Loaded image: ${tags[0]!.slice("docker.io/library/".length)}\n`).join(""),
  );
  if (!(await requireArm64(t))) return;
  const run = ["run", "--rm", "--pull", "never", "--network", "none"];
  assert.equal(await dockerd.docker([...run, "app:7"]), "hello there aarch64 /opt a b one \n");
  assert.equal(await dockerd.docker([...run, "app:7", "you"]), "hello you aarch64 /opt a b one \n");
  assert.equal(await dockerd.docker([...run, "tiny:7"]), "one\n");
  assert.equal(await dockerd.docker([...run, "tiny:7", "id", "-u"]), "1000\n");
}
