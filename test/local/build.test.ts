import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { build } from "../../lib/build/build.ts";
import { removeImages } from "../../lib/local/images.ts";
import { parseTargetPlatform } from "../../lib/platform.ts";
import { blobFile } from "../../lib/store/layout.ts";
import { listStore } from "../../lib/store/list.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { makeImage } from "../support/image-content.ts";
import { readSavedImage } from "../support/image-root.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";
import { localImages } from "./images.ts";

const BASE = "FROM scratch\nCOPY one /base/\nENV A=b\n";

test("an image gets its tags, and the same Dockerfile the same digests in every store", async (t) => {
  const [here, there] = [await localImages(t), await localImages(t)];
  const tags = ["base:1", "registry.example:5000/team/base", "base:1"];
  const report = await here.build("", BASE, { tags });
  assert.deepEqual(report.tags, ["docker.io/library/base:1", "registry.example:5000/team/base:latest"]);
  assert.equal(report.platform, "linux/arm64");
  assert.deepEqual(
    report.layers.map(({ origin, source }) => `${source} ${origin}`),
    ["packed COPY one /base/"],
  );
  const { configDigest, manifestDigest } = await there.build("other:2", BASE);
  assert.deepEqual([configDigest, manifestDigest], [report.configDigest, report.manifestDigest]);
  assert.deepEqual(
    (await listStore(here.store)).references.map(({ reference, platform, local, manifest, config, complete }) => [
      ...[reference, platform, local, complete],
      ...[manifest === manifestDigest, config === configDigest],
    ]),
    report.tags.map((tag) => [tag, "linux/arm64", true, true, true, true]),
  );
});

test("the image is the one that a build of a project makes of the Dockerfile", async (t) => {
  const { build: buildImage } = await localImages(t);
  const report = await buildImage("app:1", BASE);
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": "images: {app: {context: app}}\n",
    ...{ "app/one": "1\n", "app/Dockerfile": BASE },
  });
  const project = await build({ dir, store: join(tempDir(t), "store"), output: join(dir, "out.tar"), format: "oci" });
  const [image] = project.images;
  assert.equal(image!.configDigest, report.configDigest);
  assert.equal(image!.manifestDigest, report.manifestDigest);
  assert.deepEqual(project.localImages, []);
});

test("FROM and COPY --from find a local tag before any registry, in images and in projects, until it is removed", async (t) => {
  const { store, dir, build: buildImage } = await localImages(t);
  const registry = await registryWith(t);
  const platform = { os: "linux", architecture: "arm64" };
  registry.addImage("base", "1", makeImage({ platform, layers: [tarOf([{ path: "base/one", data: "registry\n" }])] }));
  const name = `${registry.host}/base:1`;
  const base = await buildImage(name, BASE);
  const dockerfile = `FROM ${name}\nCOPY --from=${name} /base/one /copy\nCOPY two /\n`;
  const local = [{ reference: name, manifest: base.manifestDigest }];

  const app = await buildImage("app", dockerfile);
  assert.deepEqual(app.localImages, local);
  assert.deepEqual(app.layers[0]!.diffId, base.layers[0]!.diffId);
  const project = { dir, store: store.root, output: join(tempDir(t), "out.tar") };
  writeFiles(dir, { "aircrate.yml": "images: {app: {context: .}}\n", ".dockerignore": "*\n!two\n" });
  const built = await build(project);
  assert.deepEqual(built.localImages, local);
  assert.deepEqual(registry.requests, [], "nobody was asked");
  const { layers, config } = await readSavedImage(project.output);
  assert.deepEqual(
    layers.map((entries) => entries.map(({ path }) => path)),
    [["base", "base/one"], ["copy"], ["two"]],
  );
  assert.deepEqual(config.config?.Env, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=b"]);

  await removeImages(store, [name]);
  const pulled = await build(project);
  assert.deepEqual(pulled.localImages, []);
  assert.notEqual(pulled.images[0]!.layers[0]!.diffId, base.layers[0]!.diffId);
});

test("an image may be built on the one that had its tag", async (t) => {
  const { build: buildImage } = await localImages(t);
  const first = await buildImage("docker.io/library/app:1", BASE);
  const second = await buildImage("docker.io/library/app:1", "FROM docker.io/library/app:1\nCOPY two /\n");
  assert.deepEqual(second.localImages, [{ reference: "docker.io/library/app:1", manifest: first.manifestDigest }]);
  const third = await buildImage("app:2", "FROM app:1\nCOPY two /third\n");
  assert.deepEqual(third.localImages, [{ reference: "docker.io/library/app:1", manifest: second.manifestDigest }]);
  assert.equal(third.layers.length, 3);
});

test("arguments, target and Dockerfile are those that are given", async (t) => {
  const { dir, build: buildImage } = await localImages(t);
  const dockerfile = "FROM scratch AS first\nARG MODE\nENV MODE=$MODE\nCOPY one /\nFROM first\nCOPY two /\n";
  const options = { args: new Map([["MODE", "fast"]]), target: "first" };
  const report = await buildImage("app", dockerfile, options);
  assert.equal(report.layers.length, 1);
  const file = join(tempDir(t), "elsewhere");
  writeFiles(join(file, ".."), { elsewhere: "FROM scratch\nENV MODE=fast\nCOPY one /\n" });
  const other = await buildImage("other", "FROM none\n", { dockerfile: file, context: dir });
  assert.deepEqual(
    other.layers.map(({ diffId }) => diffId),
    report.layers.map(({ diffId }) => diffId),
  );
});

test("a tag is one of a platform", async (t) => {
  const { store, build: buildImage } = await localImages(t);
  const amd64 = { platform: parseTargetPlatform("linux/amd64") };
  await buildImage("base:1", BASE, amd64);
  await rejectsWith(
    buildImage("app", "FROM base:1\nCOPY two /\n", { offline: true }),
    "refused",
    /docker\.io\/library\/base:1: the image is not in the store/,
  );
  await buildImage("base:1", BASE, { platform: parseTargetPlatform("linux/arm64/v8") });
  const [arm, amd] = [await buildImage("app", "FROM base:1\n"), await buildImage("app", "FROM base:1\n", amd64)];
  assert.notEqual(arm.configDigest, amd.configDigest);
  assert.deepEqual(
    (await listStore(store)).references.map(({ reference, platform }) => `${reference} ${platform}`),
    ["app:latest", "base:1"].flatMap((name) =>
      ["linux/amd64", "linux/arm64"].map((platform) => `docker.io/library/${name} ${platform}`),
    ),
  );
});

test("a local image that lost a part is told of, and no registry is asked for it", async (t) => {
  const { store, build: buildImage } = await localImages(t);
  const registry = await registryWith(t);
  const name = `${registry.host}/base:1`;
  const base = await buildImage(name, BASE);
  rmSync(blobFile(store, base.layers[0]!.digest));
  const again = () => buildImage("app", `FROM ${name}\nCOPY two /\n`);
  await rejectsWith(again(), "unreachable", /a part of the local image/, /lacks layer sha256:/, /image build/);
  rmSync(blobFile(store, base.manifestDigest));
  await rejectsWith(again(), "unreachable", /a part of the local image/, /lacks manifest or config/);
  assert.deepEqual(registry.requests, []);
  await buildImage(name, BASE);
  await again();
});

test("what cannot be a tag, a context or a platform is refused", async (t) => {
  const { build: buildImage } = await localImages(t);
  const digest = `sha256:${"a".repeat(64)}`;
  await rejectsWith(buildImage(`app@${digest}`, BASE), "usage", /cannot be given a digest/);
  await rejectsWith(buildImage("App", BASE), "input", /is not an image reference/);
  await rejectsWith(buildImage("app", BASE, { context: "/nowhere" }), "unreachable", /no such folder/, /copies from/);
  const missing = buildImage("app", BASE, { dockerfile: "/nowhere" });
  await rejectsWith(missing, "input", /no such Dockerfile/, /image build asks for it/);
});
