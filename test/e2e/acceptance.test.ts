import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { BuildReport } from "../../spec/report.ts";
import { aircrateFor } from "../support/aircrate.ts";
import { unpackTar } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { containerdFor } from "../support/containerd.ts";
import { describeTree } from "../support/described-tree.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { writeFiles } from "../support/project.ts";
import { runOk } from "../support/run.ts";
import { requireRoot, requireTool } from "../support/tools.ts";
import { writeParts } from "./acceptance-parts.ts";

const IMAGE = "docker.io/library/parts:1";
const PLATFORM = "linux/arm64";

test("an image with everything in it is taken by every tool, and they all see the same tree", async (t) => {
  if (!requireRoot(t)) return;
  const { expected, archive, layout } = await buildParts(t);
  const isWhole = (root: string) => {
    const found = describeTree(join(root, "parts"));
    assert.deepEqual(
      {
        missing: expected.filter((line) => !found.includes(line)),
        unwanted: found.filter((line) => !expected.includes(line)),
      },
      { missing: [], unwanted: [] },
    );
    assert.equal(found.length, expected.length);
  };

  await t.test("gzip and tar test every layer", async (t) => {
    if (!requireTool(t, "gzip", "tar")) return;
    for (const file of layerFiles(layout)) {
      await runOk("gzip", ["--test", file]);
      assert.notEqual(await runOk("tar", ["--list", "-f", file]), "");
    }
  });
  await t.test("GNU tar extracts", async (t) => {
    if (!requireTool(t, "tar")) return;
    const root = join(tempDir(t), "root");
    mkdirSync(root);
    for (const file of layerFiles(layout)) {
      await runOk("tar", ["--extract", "--preserve-permissions", "--same-owner", "-f", file, "-C", root]);
    }
    isWhole(root);
  });
  await t.test("umoci unpacks", async (t) => {
    if (!requireTool(t, "umoci")) return;
    const bundle = join(tempDir(t), "bundle");
    await runOk("umoci", ["unpack", "--image", `${layout.folder}:${IMAGE}`, bundle]);
    isWhole(join(bundle, "rootfs"));
  });
  await t.test("podman loads and mounts", async (t) => {
    const podman = await podmanFor(t);
    if (podman === undefined) return;
    await podman.podman(["load", "-i", archive.file]);
    isWhole((await podman.podman(["image", "mount", IMAGE])).trim());
    await podman.podman(["image", "unmount", IMAGE]);
  });
  await t.test("containerd imports and mounts", async (t) => {
    const containerd = await containerdFor(t);
    if (containerd === undefined) return;
    const point = join(tempDir(t), "mounted");
    mkdirSync(point);
    await containerd.ctr(["images", "import", "--platform", PLATFORM, archive.file]);
    await containerd.ctr(["images", "mount", "--platform", PLATFORM, IMAGE, point]);
    isWhole(point);
    await containerd.ctr(["images", "unmount", point]);
  });
  await t.test("dockerd loads and exports", async (t) => {
    const dockerd = await dockerdFor(t);
    if (dockerd === undefined) return;
    const dir = tempDir(t);
    await dockerd.docker(["load", "-i", archive.file]);
    await dockerd.docker(["create", "--pull", "never", "--platform", PLATFORM, "--name", "parts", IMAGE]);
    await dockerd.docker(["export", "-o", join(dir, "root.tar"), "parts"]);
    await dockerd.docker(["rm", "parts"]);
    await runOk("tar", ["-xpf", join(dir, "root.tar"), "-C", dir, "parts"]);
    isWhole(dir);
  });
});

interface Layout {
  /** Folder of an unpacked OCI image layout. */
  readonly folder: string;
  readonly report: BuildReport;
}

async function buildParts(t: TestContext): Promise<{ expected: string[]; archive: BuildReport; layout: Layout }> {
  const dir = tempDir(t);
  const project = writeFiles(join(dir, "project"), {
    "aircrate.yml": 'images: { parts: { context: parts } }\ntag: "1"\n',
  });
  const expected = writeParts(join(project, "parts"));
  const aircrate = aircrateFor(t);
  const as = (format: string) => aircrate.build([project, "--format", format, "-o", join(dir, `${format}.tar`)]);
  const archive = await as("docker-archive");
  const report = await as("oci");
  const folder = join(dir, "layout");
  mkdirSync(folder);
  await unpackTar(report.file, folder);
  return { expected, archive, layout: { folder, report } };
}

function layerFiles({ folder, report }: Layout): string[] {
  const blobs = new Set(readdirSync(join(folder, "blobs/sha256")));
  return report.images[0]!.layers.map(({ digest }) => {
    const name = digest.slice("sha256:".length);
    assert.ok(blobs.has(name), digest);
    return join(folder, "blobs/sha256", name);
  });
}
