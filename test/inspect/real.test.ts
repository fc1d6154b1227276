import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { type Verification, verifyFile } from "../../lib/verify/verify.ts";
import { tempDir } from "../support/cleanup.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { requireTool } from "../support/tools.ts";
import { archiveOf, flip } from "../verify/sample-archive.ts";

/** Two images, of which the first stands on the second. */
const NAMES = ["python:3.11-slim", "debian:bookworm-slim"] as const;
const TAGS = ["com.example.demo.python:1.0.0", "com.example.demo.debian:1.0.0"] as const;

test("what Docker, podman and skopeo save is read and proved", async (t) => {
  if (!requireTool(t, "skopeo")) return;
  const dockerd = await dockerdFor(t);
  const podman = dockerd && (await podmanFor(t));
  const registry = podman && (await registryFor(t));
  if (dockerd === undefined || podman === undefined || registry === undefined) return;
  const dir = tempDir(t);
  const expected: { id: string; layers: string[] }[] = [];
  for (const [i, name] of NAMES.entries()) {
    const source = `${registry.host}/library/${name}`;
    await dockerd.docker(["pull", "--quiet", "--platform", "linux/arm64", source]);
    await dockerd.docker(["tag", source, TAGS[i]!]);
    const [{ Id, RootFS }] = JSON.parse(await dockerd.docker(["image", "inspect", TAGS[i]!]));
    expected.push({ id: Id, layers: RootFS.Layers });
  }
  const check = async (file: string, count: number, warnings: RegExp[] = []): Promise<Verification> => {
    const found = await verifyFile(join(dir, file));
    assert.deepEqual(found.problems, [], file);
    assert.equal(found.warnings.length, warnings.length, `${file}: ${JSON.stringify(found.warnings)}`);
    for (const [i, text] of warnings.entries()) assert.match(found.warnings[i]!.message, text);
    assert.deepEqual(found.inspection.faults, []);
    const { kind } = found.inspection;
    const images = bySize(found);
    const wanted = expected.slice(0, count);
    assert.deepEqual(
      images.map(({ layers }) => layers.map(({ diffId }) => diffId)),
      wanted.map(({ layers }) => layers),
    );
    // podman makes another config when it writes an image layout.
    if (kind !== "oci") {
      assert.deepEqual(
        images.map(({ configDigest }) => configDigest),
        wanted.map(({ id }) => id),
      );
    }
    for (const { platform } of images) {
      assert.deepEqual(platform, { os: "linux", architecture: "arm64", variant: "v8" });
    }
    return found;
  };

  await dockerd.docker(["save", "-o", join(dir, "docker.tar"), ...TAGS]);
  const links = /1 of its layers are symlinks: skopeo/;
  const docker = await check("docker.tar", 2, [links]);
  assert.deepEqual(sharing(docker), [[1, 0, 0], [1]]);
  assert.deepEqual(docker.checked, { checksums: 0, images: 2, layers: 3 });

  writeFileSync(join(dir, "docker.tar.gz"), gzipSync(readFileSync(join(dir, "docker.tar")), { level: 1 }));
  await check("docker.tar.gz", 2, [/packed with gzip as a whole/, links]);

  await podman.podman(["load", "-i", join(dir, "docker.tar")]);
  await podman.podman(["save", "-m", "-o", join(dir, "podman.tar"), ...TAGS]);
  assert.deepEqual(sharing(await check("podman.tar", 2)), [[1, 0, 0], [1]]);

  const only = /no manifest.json/;
  await podman.podman(["save", "--format", "oci-archive", "-o", join(dir, "oci.tar"), TAGS[0]]);
  assert.equal((await check("oci.tar", 1, [only])).inspection.kind, "oci");
  await podman.podman(["save", "--format", "oci-dir", "-o", join(dir, "oci"), TAGS[0]]);
  assert.equal((await check("oci", 1, [only])).inspection.form, "folder");

  const target = `docker-archive:${join(dir, "skopeo.tar")}:${TAGS[0]}`;
  const source = `docker://${registry.host}/library/${NAMES[0]}`;
  await runOk("skopeo", ["--override-arch", "arm64", "copy", "--src-tls-verify=false", source, target]);
  await check("skopeo.tar", 1);
});

/** The larger image first: `docker save` writes several in an order that differs from run to run. */
function bySize({ inspection }: Verification) {
  return [...inspection.images].sort((a, b) => b.layers.length - a.layers.length);
}

/** With how many other images each layer is shared. */
function sharing(found: Verification): number[][] {
  return bySize(found).map(({ layers }) => layers.map(({ sharedWith }) => sharedWith.length));
}

const SLUG = "com.example.gallery";
const MANIFEST = `app-author: com.example
app-name: gallery
app-version: 1.0.0
auterion-api-version: 3
auterion-app-base: none
compose-override: {services: {web: {depends_on: [camera]}}}
services:
  camera: {build: ./camera}
  web: {build: ./web}
target-platform: [skynode]
`;

test("what mender-artifact writes is read and proved", async (t) => {
  if (!requireTool(t, "mender-artifact", "openssl")) return;
  const dir = tempDir(t);
  const plain = await writeArtifact(t, dir, []);
  const { problems, warnings, checked, inspection } = await verifyFile(plain);
  assert.deepEqual({ problems, warnings }, { problems: [], warnings: [] });
  assert.deepEqual(checked, { checksums: 7, images: 2, layers: 3 });
  assert.equal(inspection.kind, "auterionos");
  assert.deepEqual(inspection.artifact!.build, { time: "2024-01-01T00:00:00", platform: "Linux", toolVersion: "1" });
  assert.deepEqual(inspection.app!.launchOrder, [["camera"], ["web"]]);

  const bytes = readFileSync(plain);
  const damaged = join(dir, "damaged.auterionos");
  writeFileSync(damaged, flip(bytes, bytes.length >> 1));
  assert.ok((await verifyFile(damaged)).problems.length > 0);

  await runOk("openssl", ["genrsa", "-traditional", "-out", join(dir, "key.pem"), "2048"]);
  const signed = await verifyFile(await writeArtifact(t, dir, ["-k", join(dir, "key.pem")]));
  assert.equal(signed.inspection.artifact!.signed, true);
  assert.deepEqual(signed.problems, []);
  assert.deepEqual(
    signed.warnings.map(({ where }) => where),
    ["manifest.sig"],
  );

  const none = await verifyFile(await writeArtifact(t, dir, ["--compression", "none"]));
  assert.deepEqual(none.problems, []);
  assert.deepEqual(
    none.warnings.map(({ where }) => where),
    ["header.tar", "data/0000.tar"],
  );
  const lzma = await verifyFile(await writeArtifact(t, dir, ["--compression", "lzma"]));
  assert.match(lzma.problems[0]!.message, /packed with xz, which is not read here/);
});

/** What Auterion's tool has mender-artifact do. */
async function writeArtifact(t: TestContext, dir: string, options: readonly string[]): Promise<string> {
  const app = {
    "app-author": "com.example",
    "app-name": "gallery",
    "app-version": "1.0.0",
    "target-platform": "skynode",
  };
  const metaData = {
    "build-time": "2024-01-01T00:00:00",
    "build-platform": "Linux",
    "cli-version": "1",
    "auterion-app-yml": app,
  };
  const files: readonly (readonly [string, string | Uint8Array])[] = [
    ["auterion-app.yml", MANIFEST],
    [`${SLUG}.image`, gzipSync(archiveOf({ layout: "hybrid" }))],
    ["version", "1.0.0"],
    ["settings.default.env", ""],
    ["settings.user.env", ""],
  ];
  for (const [name, content] of files) writeFileSync(join(dir, name), content);
  writeFileSync(join(dir, "meta.json"), JSON.stringify({ "auterion-metadata": JSON.stringify(metaData) }));
  const output = join(tempDir(t), "out.auterionos");
  const names = ["-n", `${SLUG}:1.0.0`, "--software-filesystem", "docker-app", "--software-name", SLUG];
  const payload = ["--software-version", "1.0.0", "--meta-data", "meta.json", "-t", "skynode"];
  const list = files.flatMap(([name]) => ["-f", name]);
  const command = ["write", "module-image", "-T", "docker", ...names, ...payload, ...list, "-o", output, ...options];
  await runOk("mender-artifact", command, { cwd: dir });
  return output;
}
