import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Lock } from "../../spec/lock.ts";
import { VendorReport } from "../../spec/lock-report.ts";
import { serverFor } from "../http/servers.ts";
import { aircrateFor, copyGallery, decodeText, GALLERY } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { mirror } from "../support/demo-registry.ts";
import { generatedBase, generatedBusybox } from "../support/generated-base.ts";
import { digestOf } from "../support/image-content.ts";
import { blobPath, layoutFiles, writeLayout } from "../support/image-layout.ts";
import { podmanFor } from "../support/podman.ts";
import { writeFiles } from "../support/project.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { noise } from "../support/seeded.ts";
import { requireRoot, requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

const BUSYBOX = "docker.io/arm64v8/busybox:1.36";
const PYTHON = "docker.io/arm64v8/python:3.11-slim";

test("lock and vendor on one side, build on the other, which has neither network nor store", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "unshare")) return;
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const dir = copyGallery(t);
  const out = tempDir(t);
  const connected = aircrateFor(t, { cwd: dir });
  const done = async (...args: string[]) => {
    const { status, stdout, stderr } = await connected.run([...args, ...mirror(registry)]);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  };
  await done("lock");
  const bases = join(out, "bases.tar");
  const text = await done("vendor", "-o", bases);
  assert.match(text, /^ {2}docker\.io\/arm64v8\/busybox:1\.36 +linux\/arm64\n/);
  await done("build", "-o", join(out, "connected"));
  await done("vendor", "-o", `${join(out, "bases")}/`);

  for (const [i, file] of [bases, join(out, "bases")].entries()) {
    const store = join(tempDir(t), "store");
    const args = ["-o", join(out, `${i}`), "--locked", "--offline", "--vendor", file];
    await aircrateFor(t, { store }).build([dir, ...args], { isolated: true });
    assert.equal(await sha256Of(join(out, `${i}`)), await sha256Of(join(out, "connected")), file);
  }
  const report = decodeText(VendorReport, await done("vendor", "-o", join(out, "again.tar"), "--json"));
  assert.deepEqual(report.pulled, { count: 0, size: 0 });
  assert.equal(await sha256Of(report.file), await sha256Of(bases), "also after a build, in which the store was filled");
  const found = await connected.run(["verify", bases]);
  assert.equal(found.status, 0, found.stderr);
});

/** An application of which the base says where a file is, with another file in a tree. */
async function projectWithFiles(t: TestContext) {
  const files = { "/tools-7.tar": tarOf([{ path: "bin/tool", data: "tool" }]), "/model.bin": noise(5, 700_000) };
  const server = await serverFor(
    t,
    Object.fromEntries(Object.entries(files).map(([path, body]) => [path, { body }] as const)),
  );
  const [tools, model] = Object.values(files).map((bytes) => digestOf(bytes));
  const dir = writeFiles(join(tempDir(t), "app"), {
    "aircrate.yml": `images:
  base: { context: ., dockerfile: Dockerfile.base }
  app: { context: . }
  model:
    from: "arm64v8/busybox:1.36"
    layers: [{ copy: [{ url: "${server.origin}/model.bin", checksum: "${model}", to: /model/ }] }]
`,
    "Dockerfile.base": "FROM arm64v8/busybox:1.36\nENV TOOLS=7\n",
    Dockerfile: `FROM base\nADD --unpack --checksum=${tools} ${server.origin}/tools-$TOOLS.tar /opt/\n`,
  });
  return { dir, server, digests: [tools!, model!] };
}

test("remote files cross as well: nothing is asked for on the other side", async (t) => {
  if (!requireRoot(t) || !requireTool(t, "unshare")) return;
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const { dir, server, digests } = await projectWithFiles(t);
  const out = tempDir(t);
  const connected = aircrateFor(t, { cwd: dir });
  const done = async (...args: string[]) => {
    const { status, stdout, stderr } = await connected.run([...args, ...mirror(registry)]);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout;
  };
  const locked = await done("lock");
  assert.match(locked, /^ {2}added {2}http:\/\/127\.0\.0\.1:\d+\/model\.bin +[0-9a-f]{12} +700\.0 kB$/m);
  assert.match(locked, /^aircrate\.lock: 1 image and 2 files for linux\/arm64, /m);
  const bases = join(out, "bases.tar");
  assert.match(await done("vendor", "-o", bases), /^ {2}http:\/\/127\.0\.0\.1:\d+\/model\.bin +700\.0 kB$/m);
  await done("build", "-o", join(out, "connected"), "--locked");
  assert.equal(server.requests.length, 2, "each once, when it was locked");
  assert.equal((await connected.run(["verify", bases])).status, 0);
  await done("vendor", "-o", `${join(out, "bases")}/`);

  for (const file of [bases, join(out, "bases")]) {
    const args = [dir, "-o", join(out, "isolated"), "--locked", "--vendor", file];
    for (const more of [["--offline"], []]) {
      await aircrateFor(t).build([...args, ...more], { isolated: true });
      assert.equal(await sha256Of(join(out, "isolated")), await sha256Of(join(out, "connected")), file);
    }
  }

  const importing = aircrateFor(t);
  const text = await importing.run(["store", "import", bases]);
  assert.match(text.stdout, /^ {2}remote file {2}[0-9a-f]{12} {2}700\.0 kB {2}new$/m);
  await importing.build([dir, "-o", join(out, "imported"), "--locked", "--offline"], { isolated: true });
  assert.equal(await sha256Of(join(out, "imported")), await sha256Of(join(out, "connected")));

  const [tools, model] = digests as [string, string];
  const lacking = join(out, "lacking");
  cpSync(join(out, "bases"), lacking, { recursive: true });
  for (const digest of [tools, model]) rmSync(join(lacking, blobPath(digest)));
  const refused = await aircrateFor(t).run(["build", dir, "--locked", "--offline", "--vendor", lacking]);
  assert.equal(refused.status, 7);
  assert.deepEqual(refused.stderr.split("\n").slice(0, 3), [
    "aircrate: 2 remote files are not in the store, and --offline allows no server",
    `  ${dir}/Dockerfile:2: the store and ${lacking} lack ${tools}, ${server.origin}/tools-7.tar`,
    `  ${dir}/aircrate.yml:6: the store and ${lacking} lack ${model}, ${server.origin}/model.bin`,
  ]);
  writeFileSync(join(lacking, blobPath(tools)), "spoilt");
  cpSync(join(out, "bases", blobPath(model)), join(lacking, blobPath(model)));
  const spoilt = await aircrateFor(t).run(["build", dir, "--locked", "--offline", "--vendor", lacking]);
  assert.equal(spoilt.status, 6);
  assert.match(spoilt.stderr, /^aircrate: .*Dockerfile:2: a remote file does not have the digest of its checksum\n/);
});

test("other tools read a layout with blobs that no index names", async (t) => {
  if (!requireTool(t, "skopeo") || !requireTool(t, "umoci")) return;
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const { dir } = await projectWithFiles(t);
  const out = tempDir(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  for (const args of [["lock"], ["vendor", "-o", join(out, "bases.tar")], ["vendor", "-o", join(out, "bases/")]]) {
    const { status, stderr } = await aircrate.run([...args, ...mirror(registry)]);
    assert.deepEqual([status, stderr], [0, ""]);
  }
  const [tar, folder] = [join(out, "bases.tar"), join(out, "bases")];
  const arm64 = ["--override-arch", "arm64", "--insecure-policy"];
  for (const [i, source] of [`oci-archive:${tar}:${BUSYBOX}`, `oci:${folder}:${BUSYBOX}`].entries()) {
    await runOk("skopeo", ["copy", ...arm64, source, `oci:${join(out, `copy-${i}`)}:busybox`]);
  }
  assert.deepEqual((await runOk("umoci", ["list", "--layout", folder])).split("\n").filter(Boolean), [BUSYBOX]);
});

test("skopeo reads the file and the folder by reference, on each platform", async (t) => {
  if (!requireTool(t, "skopeo")) return;
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const out = tempDir(t);
  const references = ["docker.io/library/python:3.11-slim", "docker.io/library/busybox:1.36"];
  const aircrate = aircrateFor(t);
  const vendor = async (name: string, project: string, ...runs: string[][]) => {
    const dir = writeFiles(join(out, name), { "aircrate.yml": project });
    for (const more of runs) {
      const locked = await aircrate.run(["lock", dir, ...more, ...mirror(registry)]);
      assert.equal(locked.status, 0, locked.stderr);
    }
    for (const to of ["bases.tar", "bases/"]) {
      const { status, stderr } = await aircrate.run(["vendor", dir, "-o", join(dir, to), ...mirror(registry)]);
      assert.equal(status, 0, stderr);
    }
    const lock: Lock = JSON.parse(readFileSync(join(dir, "aircrate.lock"), "utf8"));
    return { lock, sources: [`oci-archive:${join(dir, "bases.tar")}`, `oci:${join(dir, "bases")}`] };
  };
  const inspect = async (source: string, arch: string[] = []) =>
    JSON.parse(await runOk("skopeo", ["inspect", ...arch, source]));

  // Docker's manifest type and OCI's, both for two platforms.
  const both = await vendor("both", images(references), [], ["--simulation"]);
  for (const source of both.sources) {
    for (const reference of references) {
      for (const architecture of ["arm64", "amd64"]) {
        const { manifest, layers } = both.lock.images[reference]!.platforms[`linux/${architecture}`]!;
        const name = `${source}:${reference}`;
        const found = await inspect(name, ["--override-arch", architecture]);
        assert.deepEqual([found.Architecture, found.Layers], [architecture, layers.map(({ digest }) => digest)]);
        // Copies every blob, and checks each against its digest.
        const copy = join(tempDir(t), "copy");
        const options = ["--insecure-policy", "--override-arch", architecture];
        await runOk("skopeo", ["copy", ...options, name, `dir:${copy}`]);
        assert.equal(await sha256Of(join(copy, "manifest.json")), manifest.digest.slice("sha256:".length));
      }
    }
  }
  // A single one of OCI's type is found whatever the machine is.
  const single = await vendor("single", images(references.slice(1)), []);
  for (const source of single.sources) {
    const found = await inspect(`${source}:${references[1]}`);
    const { manifest } = single.lock.images[references[1]!]!.platforms["linux/arm64"]!;
    assert.deepEqual([found.Digest, found.Architecture], [manifest.digest, "arm64"]);
    assert.equal((await inspect(source)).Digest, manifest.digest, "the only one needs no name");
  }
});

function images(references: readonly string[]): string {
  return `images:\n${references.map((reference, i) => `  app-${i}: { from: "${reference}" }\n`).join("")}`;
}

test("archives that skopeo and podman write serve as well, without a lock", async (t) => {
  const podman = await podmanFor(t);
  if (podman === undefined || !requireTool(t, "skopeo")) return;
  const out = tempDir(t);
  const layout = writeLayout(join(out, "layout/"), layoutFiles([{ image: generatedBase(), name: "base" }]));
  const project = (name: string, reference: string) =>
    writeFiles(join(out, name), { "aircrate.yml": images([reference]) });

  const aircrate = aircrateFor(t);
  const archive = join(out, "skopeo.tar");
  const all = ["copy", "--insecure-policy", "--all", `oci:${layout}:base`, `oci-archive:${archive}:${PYTHON}`];
  await runOk("skopeo", all);
  const built = await aircrate.build([project("one", PYTHON), "--offline", "--vendor", archive]);
  assert.equal(built.images[0]?.layers.length, 2);

  const saved = join(out, "podman.tar");
  await podman.podman(["pull", "--quiet", "--arch", "arm64", `oci-archive:${archive}:${PYTHON}`]);
  const name = (await podman.podman(["images", "--format", "{{.Repository}}:{{.Tag}}"])).trim();
  await podman.podman(["save", "--quiet", "--format", "oci-archive", "-o", saved, name]);
  const again = await aircrateFor(t).build([project("two", name), "--offline", "--vendor", saved]);
  assert.deepEqual(
    again.images[0]?.layers.map(({ diffId }) => diffId),
    built.images[0]?.layers.map(({ diffId }) => diffId),
  );

  const old = join(out, "docker-archive.tar");
  const arm64 = ["--override-arch", "arm64", "--insecure-policy"];
  await runOk("skopeo", ["copy", ...arm64, `oci:${layout}:base`, `docker-archive:${old}:${PYTHON}`]);
  const refused = await aircrateFor(t).run(["build", join(out, "one"), "--offline", "--vendor", old]);
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /docker-archive\.tar: that is not an OCI image layout\n.*\n {2}-> .*skopeo copy/);
});

test("exit status of layouts that are wrong", async (t) => {
  const out = tempDir(t);
  const files = layoutFiles([
    { image: generatedBase(), name: PYTHON },
    { image: generatedBusybox(), name: BUSYBOX },
  ]);
  const [digest, bytes] = [...generatedBusybox().blobs][1]!;
  const layer = blobPath(digest);
  const without = new Map(files);
  without.delete(layer);
  const size = (bytes as Uint8Array).length;
  const cases: [name: string, files: ReadonlyMap<string, Buffer>, status: number, message: RegExp][] = [
    ["whole", files, 0, /^$/],
    [
      "spoiled",
      new Map(files).set(layer, Buffer.alloc(size, 1)),
      6,
      /busybox:1\.36: a layer (is damaged|does not have)/,
    ],
    ["longer", new Map(files).set(layer, Buffer.alloc(size + 1)), 7, /lack layer sha256/],
    ["absent", without, 7, new RegExp(`lack layer ${digest} \\(${size} bytes\\)`)],
    ["elsewhere", new Map(without).set(`../${layer}`, files.get(layer)!), 7, /lack layer/],
    ["malformed", new Map(files).set("index.json", Buffer.from("[]")), 6, /index\.json: the document is malformed/],
  ];
  for (const [name, content, status, message] of cases) {
    const file = writeLayout(join(out, `${name}.tar`), content);
    const done = await build(t, file, "--offline");
    assert.equal(done.status, status, `${name}: ${done.stderr}`);
    assert.match(done.stderr, message, name);
  }
  const none = await build(t, join(out, "none.tar"));
  assert.equal(none.status, 4);
  assert.match(none.stderr, /^aircrate: .*none\.tar: there is no such file\n/);
});

function build(t: TestContext, file: string, ...more: string[]) {
  const out = join(tempDir(t), "out");
  return aircrateFor(t).run(["build", GALLERY, "-o", out, "--vendor", file, ...more]);
}
