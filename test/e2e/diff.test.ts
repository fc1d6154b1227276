import assert from "node:assert/strict";
import { appendFileSync, chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { DiffReport, type ImageDiff } from "../../spec/diff.ts";
import { type Aircrate, aircrateFor, copyGallery, decodeText } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { dockerdFor } from "../support/dockerd.ts";
import { makeImage } from "../support/image-content.ts";
import { keyFiles } from "../support/keys.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { registryFor } from "../support/seed.ts";
import { tarOf } from "../support/ustar.ts";
import { flip } from "../verify/sample-archive.ts";

async function diff(aircrate: Aircrate, ...args: string[]): Promise<DiffReport> {
  const { status, stdout, stderr } = await aircrate.run(["diff", "--json", ...args]);
  assert.equal(status, 0, stderr);
  return decodeText(DiffReport, stdout);
}

/** Changes of an image: of its config, its layers and its files. */
function changesOf({ config, layers, files }: ImageDiff): string[] {
  return [
    ...config.map(({ key, name = "" }) => `${key} ${name}`.trim()),
    `${layers.kept.count} kept, ${layers.new.count} new, ${layers.gone.count} gone`,
    ...files.list.map(({ change, path }) => `${change} ${path}`),
  ];
}

interface Versions {
  readonly aircrate: Aircrate;
  readonly dir: string;
  readonly one: string;
  readonly two: string;
  build(file: string, ...options: string[]): Promise<{ readonly size: number }>;
}

/** Two versions of the example: a service with other files and variables, one less, one under another name. */
async function galleryVersions(t: TestContext): Promise<Versions> {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const dir = copyGallery(t);
  const out = tempDir(t);
  const build = (file: string, ...options: string[]) =>
    aircrate.build([dir, "-o", join(out, file), ...options, ...mirror(registry)]);
  await build("one.auterionos");
  const camera = join(dir, "src/camera-control");
  appendFileSync(join(camera, "main.py"), "# 1.1\n");
  chmodSync(join(camera, "picture.py"), 0o755);
  appendFileSync(join(camera, "Dockerfile"), "ENV LEVEL=2\n");
  writeFiles(dir, { "settings.default.env": "LEVEL=1\n" });
  const manifest = readFileSync(join(dir, "auterion-app.yml"), "utf8");
  const renamed = manifest.replace('"1.0.0"', '"1.1.0"').replaceAll("janitor:", "cleaner:");
  writeFileSync(join(dir, "auterion-app.yml"), renamed);
  await build("two.auterionos");
  return { aircrate, dir, one: join(out, "one.auterionos"), two: join(out, "two.auterionos"), build };
}

test("two versions of an application are compared down to their files, and the thin update is foretold to the byte", async (t) => {
  const { aircrate, dir, one, two, build } = await galleryVersions(t);
  const report = await diff(aircrate, one, two);
  assert.equal(report.different, true);
  assert.deepEqual(report.application, [
    { key: "version", from: "1.0.0", to: "1.1.0" },
    {
      key: "launchOrder",
      from: ["camera-control and janitor", "gallery-service"],
      to: ["camera-control and cleaner", "gallery-service"],
    },
  ]);
  assert.deepEqual(
    report.payload.map(({ name }) => name),
    ["auterion-app.yml", "settings.default.env", "version"],
  );
  const [camera, cleaner, gallery] = report.images;
  assert.deepEqual(changesOf(camera!), [
    "env LEVEL",
    "4 kept, 1 new, 1 gone",
    "changed app/main.py",
    "attributes app/picture.py",
  ]);
  assert.deepEqual(camera!.files.list[1]!.to!.mode, "0755");
  assert.deepEqual([gallery!.change, ...changesOf(gallery!)], ["same", "5 kept, 0 new, 0 gone"]);
  assert.deepEqual(
    [cleaner!.name, ...changesOf(cleaner!), cleaner!.config[0]!.from],
    ["cleaner", "service", "1 kept, 0 new, 0 gone", "janitor"],
  );

  await t.test("as a table for people", async () => {
    const { status, stdout, stderr } = await aircrate.run(["diff", one, two]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^ {2}version +1\.0\.0 -> 1\.1\.0$/m);
    assert.match(
      stdout,
      /^ {2}launchOrder +camera-control and janitor, then gallery-service -> camera-control and cl/m,
    );
    assert.match(stdout, /^camera-control: changed\n {2}env LEVEL {2}none -> 2\n {2}layers: 4 kept \(.*\), 1 new/m);
    assert.match(stdout, /^ {4}attributes +2\.8 kB {2}\/app\/picture\.py {2}mode 0644 -> 0755$/m);
    assert.match(stdout, /^unchanged: gallery-service$/m);
    assert.match(stdout, /^thin update onto version 1\.0\.0: \d+\.\d kB instead of \d+\.\d kB; layers: 1 sent/m);
    assert.deepEqual(await aircrate.run(["diff", one, two]), { status, stdout, stderr });
  });

  await t.test("the same are no difference, in one line", async () => {
    for (const args of [
      [one, one],
      [one, one, "--exit-code"],
    ]) {
      const { status, stdout } = await aircrate.run(["diff", ...args]);
      assert.deepEqual([status, stdout], [0, `${one} -> ${one}: no difference in 3 images\n`]);
    }
  });

  await t.test("a thin update has that size, with a signature too, and is compared as the full file", async () => {
    const { size } = await build("thin.auterionos", "--since", one);
    const { thin } = report;
    assert.deepEqual([thin!.possible, thin!.since, thin!.exact, thin!.size], [true, "1.0.0", true, size]);
    const file = two.replace("two", "thin");
    const ofThin = await diff(aircrate, one, file);
    assert.deepEqual(ofThin.images.map(changesOf), report.images.map(changesOf));
    assert.deepEqual(ofThin.thin, thin);
    assert.deepEqual(
      (await diff(aircrate, file, two)).images.map(({ change }) => change),
      ["same", "same", "same"],
    );

    const { privateFile: key } = keyFiles(t, "rsa");
    await build("signed.auterionos", "--sign", key);
    const signed = await build("signed-thin.auterionos", "--sign", key, "--since", one);
    const foretold = await diff(aircrate, one, two.replace("two", "signed"));
    assert.deepEqual([foretold.thin!.exact, foretold.thin!.size], [true, signed.size]);
    assert.deepEqual(
      foretold.application.map(({ key }) => key),
      ["version", "launchOrder", "signature"],
    );

    await build("single.auterionos", "--image-gzip", "single");
    const single = await build("single-thin.auterionos", "--image-gzip", "single", "--since", one);
    const about = (await diff(aircrate, one, two.replace("two", "single"))).thin!;
    assert.equal(about.exact, false);
    assert.ok(Math.abs(about.size! - single.size) < 0.1 * single.size, `${about.size} is not about ${single.size}`);
  });

  await t.test("why there is no thin update", async () => {
    const why = async (from: string, to: string) => (await diff(aircrate, from, to)).thin?.why[0];
    assert.match((await why(one, one))!, /one\.auterionos: is version 1\.0\.0, the one that is built/);
    const archive = two.replace("two.auterionos", "two.tar");
    await build("two.tar", "--format", "docker-archive");
    assert.match((await why(one, archive))!, /two\.tar: is not a package of an application/);
    assert.match((await why(archive, two))!, /two\.tar: is not a package of an application/);
    assert.equal((await diff(aircrate, archive, archive)).thin, undefined);
    writeFileSync(
      join(dir, "auterion-app.yml"),
      readFileSync(join(dir, "auterion-app.yml"), "utf8").replace("app-name: photo-gallery", "app-name: other"),
    );
    await build("other.auterionos");
    assert.match((await why(one, two.replace("two", "other")))!, /is not a version of com\.example\.other/);
  });

  await t.test("a package and the archive of its images are the same images", async () => {
    const archive = two.replace("two.auterionos", "two.tar");
    const report = await diff(aircrate, two, archive);
    assert.deepEqual([report.different, report.images.length], [false, 3]);
  });
});

test("--exit-code tells whether two differ, faults have their own status, and damage is none of the differences", async (t) => {
  const aircrate = aircrateFor(t);
  const registry = await registryWith(t);
  const image = (data: string) =>
    makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [tarOf([{ path: "a", data }])] });
  registry.addImage("team/app", "1", image("1"));
  registry.addImage("team/app", "2", image("2"));
  const [one, two] = [`${registry.host}/team/app:1`, `${registry.host}/team/app:2`];
  const report = await diff(aircrate, one, two);
  assert.deepEqual(report.images.map(changesOf), [["tags", "0 kept, 1 new, 1 gone", "changed a"]]);
  assert.deepEqual([report.from.kind, report.from.form, report.thin], ["image", "store", undefined]);

  const saved = join(tempDir(t), "saved.tar");
  assert.equal((await aircrate.run(["save", one, "-o", saved])).status, 0);
  const damaged = `${saved}.damaged`;
  const bytes = readFileSync(saved);
  writeFileSync(damaged, flip(bytes, bytes.indexOf("a\0") + 520));
  const status = async (...args: string[]) => {
    const { status, stdout, stderr } = await aircrate.run(["diff", ...args]);
    return [status, stdout === "", stderr.split("\n")[0]];
  };
  assert.deepEqual(await status(one, two, "--exit-code"), [9, false, ""]);
  assert.deepEqual(await status(one, two, "--exit-code", "--json"), [9, false, ""]);
  assert.deepEqual(await status(one, two, "--exit-code", "--quiet"), [9, true, ""]);
  assert.deepEqual(await status(one, two), [0, false, ""]);
  assert.deepEqual(await status(one, saved, "--exit-code", "--offline"), [0, false, ""]);
  const wrong = `aircrate: ${damaged}: the file is not right`;
  assert.deepEqual(await status(saved, damaged, "--exit-code"), [6, true, wrong]);
  const none = join(tempDir(t), "none.tar");
  assert.deepEqual(await status(saved, none), [4, true, `aircrate: ${none}: no such file`]);
  rmSync(join(aircrate.store, "blobs"), { recursive: true });
  assert.equal((await status(one, saved, "--offline"))[0], 7);
  assert.equal((await status(saved))[0], 2);
});

test("names cannot draw on the terminal or make lines of their own, and long lists are cut unless all is wanted", async (t) => {
  const aircrate = aircrateFor(t);
  const dir = writeFiles(tempDir(t), { Dockerfile: 'FROM scratch\nCOPY files /\nENV "A\\nB"=1\n', "files/0": "" });
  const build = async (tag: string) => {
    const { status, stderr } = await aircrate.run(["image", "build", "-t", tag, dir, "--offline"]);
    assert.equal(status, 0, stderr);
  };
  await build("names:1");
  const files = Array.from({ length: 30 }, (_, i) => [`files/n${String(i).padStart(2, "0")}`, "x"]);
  writeFiles(dir, { ...Object.fromEntries(files), "files/\u001b[31mred\nadded  1 B  /fake": "x" });
  await build("names:2");
  const { stdout } = await aircrate.run(["diff", "names:1", "names:2", "--offline"]);
  assert.match(stdout, /^ {4}added +1 B {2}\/\\x1b\[31mred\\x0aadded {2}1 B {2}\/fake$/m);
  assert.doesNotMatch(stdout, /\u001b/);
  assert.match(stdout, /^ {2}files: 32 added \(31 B\)$/m);
  assert.match(stdout, /^ {4}… and 12 more, which --all shows$/m);
  const all = await aircrate.run(["diff", "names:1", "names:2", "--offline", "--all"]);
  assert.equal(all.stdout.match(/^ {4}added/gm)!.length, 32);
});

test("what docker saves of two versions is compared with each other, and with the registry that it came from", async (t) => {
  const registry = await registryFor(t);
  const dockerd = registry && (await dockerdFor(t));
  if (registry === undefined || dockerd === undefined) return;
  const dir = tempDir(t);
  const source = `${registry.host}/library/busybox:1.36`;
  await dockerd.docker(["pull", "--quiet", "--platform", "linux/arm64", source]);
  writeFiles(dir, {
    Dockerfile: `FROM ${source}\nCOPY one two /opt/\nCMD ["cat", "/opt/one"]\n`,
    ...{ one: "1\n", two: "2\n" },
  });
  const build = (tag: string) =>
    dockerd.docker(["build", "--quiet", "--platform", "linux/arm64", "-t", tag, dir], {
      env: { DOCKER_BUILDKIT: "0" },
    });
  await build("app:1");
  writeFiles(dir, {
    Dockerfile: `FROM ${source}\nCOPY one /opt/\nCOPY three /opt/deep/three\nLABEL level=2\nCMD ["cat", "/opt/one"]\n`,
    ...{ one: "one\n", three: "3\n" },
  });
  await build("app:2");
  const file = (name: string) => join(dir, `${name}.tar`);
  await dockerd.docker(["save", "-o", file("one"), "app:1"]);
  await dockerd.docker(["save", "-o", file("two"), "app:2"]);
  await dockerd.docker(["save", "-o", file("base"), source]);
  const aircrate = aircrateFor(t);
  const [image] = (await diff(aircrate, file("one"), file("two"))).images;
  assert.deepEqual(changesOf(image!), [
    ...["tags", "label level", "created", "1 kept, 2 new, 1 gone"],
    ...["added opt/deep", "added opt/deep/three", "changed opt/one", "removed opt/two"],
  ]);
  assert.equal((await diff(aircrate, file("base"), source)).different, false);
  const [onBase] = (await diff(aircrate, source, file("one"))).images;
  assert.deepEqual(
    onBase!.files.list.map(({ change, path }) => `${change} ${path}`),
    ["added opt", "added opt/one", "added opt/two"],
  );
});
