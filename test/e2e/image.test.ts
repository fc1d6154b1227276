import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { ImageListing, LocalBuildReport } from "../../spec/local-reports.ts";
import { type Aircrate, aircrateFor, copyGallery, decodeText, GALLERY_FACTS, PROGRAM } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { podmanFor } from "../support/podman.ts";
import { writeFiles } from "../support/project.ts";
import { run, runOk } from "../support/run.ts";
import { requireTool } from "../support/tools.ts";

const { camera, gallery } = GALLERY_FACTS.tags;

/** How such applications were built with Docker. */
const MAKEFILE = `all: gallery.image

base:
	docker build --rm -t gallery-base --platform linux/arm64 --file Dockerfile.base .

gallery.image: base
	docker build --platform=linux/arm64 --no-cache -t ${camera} src/camera-control
	docker image build src/gallery-service --platform linux/arm64 -t ${gallery} --build-arg UNSET
	docker save ${camera} ${gallery} | gzip -n > gallery.image

clean:
	docker rmi ${camera} ${gallery}
	rm -f gallery.image
`;

interface Made {
  readonly aircrate: Aircrate;
  readonly dir: string;
  make(target: string): Promise<string>;
}

/** The example with that Makefile, in which `docker` is replaced. Mirrors come from the user's own file. */
async function projectWithMakefile(t: TestContext, host: string): Promise<Made> {
  const dir = copyGallery(t);
  const home = writeFiles(tempDir(t), {
    "bin/aircrate": `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`,
    "config/aircrate/registries.yml": `registries: { docker.io: { mirrors: ["${host}"], fallback: false } }\n`,
  });
  chmodSync(join(home, "bin/aircrate"), 0o755);
  writeFiles(dir, { Makefile: MAKEFILE.replaceAll("docker ", "aircrate ") });
  const aircrate = aircrateFor(t);
  const env = {
    ...{ AIRCRATE_STORE: aircrate.store, HOME: home, XDG_CONFIG_HOME: join(home, "config") },
    PATH: `${join(home, "bin")}:${process.env.PATH}`,
  };
  return { aircrate, dir, make: (target) => runOk("make", [target], { cwd: dir, env }) };
}

test("a Makefile in which docker was replaced makes images that docker and podman load", async (t) => {
  if (!requireTool(t, "make", "gzip")) return;
  const registry = await demoRegistry(t);
  const { aircrate, dir, make } = await projectWithMakefile(t, registry.host);
  await make("all");
  const image = join(dir, "gallery.image");
  const archive = gunzipSync(readFileSync(image));

  const listing = decodeText(ImageListing, (await aircrate.run(["images", "--json"])).stdout);
  assert.deepEqual(
    listing.images.map(({ reference, local, complete }) => [
      reference.replace(/^docker.io\/(library\/)?/, ""),
      local,
      complete,
    ]),
    [
      ["arm64v8/python:3.11-slim", false, true],
      [camera, true, true],
      [gallery, true, true],
      ["gallery-base:latest", true, true],
    ],
  );
  const report = await aircrateFor(t).build([dir, "-o", join(dir, "out.tar"), "--format", "oci", ...mirror(registry)]);
  const wanted = report.images.slice(0, 2).map(({ tags, configDigest, layers }) => ({
    ...{ tag: tags[0]!.replace("docker.io/library/", ""), configDigest },
    diffIds: layers.map(({ diffId }) => diffId),
  }));

  await t.test("the same as build makes of the same Dockerfiles", () => {
    const configs = listing.images.filter(({ local }) => local).map(({ config }) => config);
    assert.deepEqual(
      wanted.map(({ configDigest }) => configDigest),
      configs.slice(0, 2),
    );
  });
  await t.test("on every machine", async (t) => {
    const other = await projectWithMakefile(t, registry.host);
    await other.make("all");
    assert.ok(gunzipSync(readFileSync(join(other.dir, "gallery.image"))).equals(archive));
  });
  await t.test("in an archive that verify proves", async () => {
    const file = join(dir, "plain.tar");
    const { status, stderr } = await aircrate.run(["save", camera, gallery, "-o", file]);
    assert.equal(status, 0, stderr);
    assert.ok(readFileSync(file).equals(archive));
    const verified = await aircrate.run(["verify", file]);
    assert.equal(verified.status, 0, verified.stderr);
  });
  await t.test("loaded by docker", async (t) => {
    const dockerd = await dockerdFor(t);
    if (dockerd === undefined) return;
    const loaded = await dockerd.docker(["load", "-i", image]);
    for (const { tag, configDigest, diffIds } of wanted) {
      assert.match(loaded, new RegExp(`Loaded image: ${tag}\n`));
      const [found] = JSON.parse(await dockerd.docker(["image", "inspect", tag]));
      assert.equal(found.Id, configDigest);
      assert.deepEqual(found.RootFS.Layers, diffIds);
    }
  });
  await t.test("loaded by podman", async (t) => {
    const podman = await podmanFor(t);
    if (podman === undefined) return;
    await podman.podman(["load", "-i", join(dir, "plain.tar")]);
    for (const { tag, configDigest, diffIds } of wanted) {
      const [found] = JSON.parse(await podman.podman(["image", "inspect", tag]));
      assert.equal(`sha256:${found.Id}`, configDigest);
      assert.deepEqual(found.RootFS.Layers, diffIds);
    }
  });
  await t.test("and forgets them", async () => {
    await make("clean");
    const { status, stderr } = await aircrate.run(["save", camera], { cwd: dir });
    assert.equal(status, 4);
    assert.match(stderr, /there is no such image in the store/);
  });
});

test("a project is built on a local image without any network, and its report names it", async (t) => {
  const aircrate = aircrateFor(t, { env: { MODE: "fast" } });
  const dir = writeFiles(tempDir(t), {
    Dockerfile: "FROM scratch\nARG MODE\nARG LEVEL\nENV MODE=$MODE LEVEL=$LEVEL\nCOPY base /\n",
    base: "b\n",
    "app/aircrate.yml": "images: { app: { context: . } }\n",
    "app/Dockerfile": "FROM base:1\nCOPY aircrate.yml /\n",
  });
  const args = ["image", "build", dir, "-t", "base:1", "--build-arg", "MODE", "-t", "x:2", "--build-arg", "LEVEL=a=b"];
  const built = await aircrate.run([...args, "--json"]);
  assert.equal(built.status, 0, built.stderr);
  const base = decodeText(LocalBuildReport, built.stdout);
  assert.deepEqual(base.tags, ["docker.io/library/base:1", "docker.io/library/x:2"]);
  assert.equal((await aircrate.run([...args, "-q"])).stdout, `${base.configDigest}\n`);

  const report = await aircrate.build([join(dir, "app"), "--offline"]);
  const local = { reference: "docker.io/library/base:1", manifest: base.manifestDigest };
  assert.deepEqual(report.localImages, [local]);
  const config = JSON.parse(readFileSync(join(aircrate.store, "blobs", base.configDigest.replace(":", "/")), "utf8"));
  assert.deepEqual(config.config.Env.slice(1), ["MODE=fast", "LEVEL=a=b"]);
  const shown = await aircrate.run(["build", join(dir, "app")]);
  assert.match(shown.stdout, /local images, which other machines do not have\n +docker\.io\/library\/base:1 +sha256:/);
  const planned = await aircrate.run(["plan", join(dir, "app")]);
  assert.match(planned.stdout, /docker\.io\/library\/base:1 {2}local image {2}\(.*Dockerfile:1\)/);

  const tagged = await aircrate.run(["tag", "base:1", "team/base:2"]);
  assert.equal(tagged.stdout, "named team/base:2 (linux/arm64)\n");
  const listed = await aircrate.run(["image", "ls"]);
  assert.match(listed.stdout, /^team\/base:2 +linux\/arm64 +[0-9a-f]{12} .* local$/m);
  if (requireTool(t, "skopeo")) {
    const source = `oci:${aircrate.store}:docker.io/team/base:2`;
    const inspected = JSON.parse(await runOk("skopeo", ["--override-arch", "arm64", "inspect", source]));
    assert.equal(inspected.Digest, base.manifestDigest);
  }
});

test("save writes to no terminal, and a pipe that ends early is no fault", async (t) => {
  if (!requireTool(t, "script")) return;
  const aircrate = aircrateFor(t);
  const dir = writeFiles(tempDir(t), { Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  assert.equal((await aircrate.run(["image", "build", dir, "-t", "a"])).status, 0);
  const command = `${process.execPath} ${PROGRAM} save a`;
  const env = { AIRCRATE_STORE: aircrate.store };
  const seen = await run("script", ["--quiet", "--return", "--command", command, "/dev/null"], { env });
  assert.equal(seen.status, 2);
  assert.match(seen.stdout, /an archive is not written to a terminal/);
  const { status, stderr } = await run("sh", ["-c", `${command} | head -c 1000 | wc -c`], { env });
  assert.deepEqual([status, stderr], [0, ""]);
  const sums = await run("sh", ["-c", `${command} | sha256sum && ${command} -o - | sha256sum`], { env });
  const [plain, dash] = sums.stdout.trim().split("\n");
  assert.equal(dash, plain, "as tar has it, - is stdout");
});
