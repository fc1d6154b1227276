import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { diff } from "../../lib/diff/diff.ts";
import { digestOf } from "../../lib/digest.ts";
import { decode } from "../../spec/decode.ts";
import { DiffReport, type ImageDiff } from "../../spec/diff.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { tarOf } from "../support/ustar.ts";
import { type ArchiveHooks, archiveOf, CAMERA, flip, type Layout, type SampleImage } from "../verify/sample-archive.ts";

/** Compares two archives of the sample's images. */
async function compare(t: TestContext, from: ArchiveHooks, to: ArchiveHooks): Promise<DiffReport> {
  const dir = tempDir(t);
  const [one, other] = [from, to].map((hooks, i) => {
    const file = join(dir, `${i}.tar`);
    writeFileSync(file, archiveOf(hooks));
    return file;
  });
  return decode(DiffReport, await diff(one!, other!, { store: join(dir, "store") }));
}

function edited(change: (camera: SampleImage, gallery: SampleImage) => SampleImage[] | undefined): ArchiveHooks {
  return { images: (all) => change(all[0]!, all[1]!) ?? all };
}

/** A change of an image on a line each. */
function linesOf({ change, name, config, layers, files }: ImageDiff): string[] {
  return [
    `${change} ${name}`,
    ...config.map(({ key, name = "", from, to }) => `${key} ${name}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`),
    ...layers.list.filter(({ change }) => change !== "kept").map(({ change, createdBy }) => `${change} ${createdBy}`),
    ...files.list.map(({ change, path }) => `${change} ${path}`),
  ];
}

for (const layout of ["hybrid-gzip", "flat", "legacy", "crane", "oci"] satisfies Layout[]) {
  test(`the same images in the layout ${layout} are no difference`, async (t) => {
    const { different, images, thin } = await compare(t, {}, { layout });
    assert.equal(different, false);
    assert.deepEqual(
      images.map(({ change, from, to }) => [change, from, to]),
      [
        ["same", 0, 0],
        ["same", 1, 1],
      ],
    );
    assert.equal(thin, undefined);
  });
}

test("settings of the config are told one by one, variables, labels and unset ones too", async (t) => {
  const to = edited((camera) => {
    Object.assign(camera.config, { variant: undefined, created: "2025-01-01T00:00:00Z" });
    camera.config.config = {
      Env: ["PATH=/usr/bin:/bin", "MODE=a=b", "EMPTY"],
      Cmd: ["sh", "-c", "x"],
      Entrypoint: ["/init"],
      WorkingDir: "",
      ExposedPorts: { "90/udp": {}, "8080/tcp": {} },
      Volumes: { "/data": {} },
      Labels: { service: "one", other: "x" },
      Healthcheck: { Test: ["CMD", "true"], Interval: 5 },
      StopSignal: "SIGINT",
    };
  });
  const { different, images } = await compare(t, {}, to);
  assert.equal(different, true);
  assert.deepEqual(linesOf(images[0]!), [
    "changed com.example.gallery.camera:1.0.0",
    'platform : "linux/arm64/v8" -> "linux/arm64"',
    'entrypoint : undefined -> ["/init"]',
    'cmd : ["sh"] -> ["sh","-c","x"]',
    'env EMPTY: undefined -> ""',
    'env MODE: undefined -> "a=b"',
    'env PATH: "/bin" -> "/usr/bin:/bin"',
    'user : "1000" -> undefined',
    'workdir : "/app" -> undefined',
    'ports : ["8080/tcp"] -> ["8080/tcp","90/udp"]',
    'volumes : undefined -> ["/data"]',
    'label other: undefined -> "x"',
    'label service: "0" -> "one"',
    'healthcheck : undefined -> "{\\"Interval\\":5,\\"Test\\":[\\"CMD\\",\\"true\\"]}"',
    'stopSignal : undefined -> "SIGINT"',
    'created : "2024-01-01T00:00:00Z" -> "2025-01-01T00:00:00Z"',
  ]);
  assert.equal(images[1]!.change, "same");
});

test("files are those of the final trees, and layers are told by what made them", async (t) => {
  const own = tarOf([
    { path: "bin/.wh.ash" },
    { path: "etc/passwd", mode: 0o600, data: "root:x:0:0:root:/root:/bin/sh\n" },
    { path: "app/" },
    { path: "app/main.py", symlink: "other.py" },
  ]);
  const to = edited((camera) => {
    camera.layers[1] = own;
    camera.config.rootfs.diff_ids[1] = digestOf(own);
    camera.config.history[2].created_by = "COPY another";
  });
  const [camera] = (await compare(t, {}, to)).images;
  assert.deepEqual(linesOf(camera!), [
    "changed com.example.gallery.camera:1.0.0",
    "gone COPY service0",
    "new COPY another",
    "type app/main.py",
    "removed bin/ash",
    "attributes etc/passwd",
  ]);
  assert.deepEqual(camera!.layers.kept.count, 1);
});

test("a config that differs in nothing else is told by its digest", async (t) => {
  const to = edited((camera) => {
    camera.config.history[0].created_by = "another base";
  });
  const [camera] = (await compare(t, {}, to)).images;
  assert.deepEqual(
    camera!.config.map(({ key }) => key),
    ["id"],
  );
});

test("images are paired by repository, then by being the same, and then only if there is one on each side", async (t) => {
  const tagged = (tag: string) => edited((camera, gallery) => [gallery, { ...camera, tags: [tag] }]);
  const pairs = async (from: ArchiveHooks, to: ArchiveHooks) =>
    (await compare(t, from, to)).images.map(({ change, from, to, config }) => [change, from, to, config[0]?.key]);
  assert.deepEqual(await pairs({}, tagged("com.example.gallery.camera:2.0.0")), [
    ["same", 1, 0, undefined],
    ["changed", 0, 1, "tags"],
  ]);
  assert.deepEqual(await pairs({}, tagged("renamed:1")), [
    ["same", 1, 0, undefined],
    ["changed", 0, 1, "tags"],
  ]);
  const only = (index: number) => edited((camera, gallery) => [[camera, gallery][index]!]);
  assert.deepEqual(await pairs(only(0), only(1)), [["changed", 0, 0, "tags"]]);
  assert.deepEqual(await pairs({}, only(1)), [
    ["same", 1, 0, undefined],
    ["removed", 0, undefined, "tags"],
  ]);
  assert.deepEqual(await pairs(only(1), {}), [
    ["added", undefined, 0, "tags"],
    ["same", 0, 1, undefined],
  ]);
});

test("an image that was added or removed is told with all its files", async (t) => {
  const one = edited((camera) => [camera]);
  const added = (await compare(t, one, {})).images.at(-1)!;
  assert.deepEqual(added.files.totals.added, { count: 7, from: 0, to: 8000 + 30 + 1700 });
  assert.deepEqual(
    added.files.list.map(({ change, path, to }) => `${change} ${to!.kind} ${path}`),
    [
      "added directory app",
      "added file app/main.py",
      "added directory bin",
      "added file bin/ash",
      "added file bin/sh",
      "added directory etc",
      "added file etc/passwd",
    ],
  );
  const removed = (await compare(t, {}, one)).images.at(-1)!;
  assert.deepEqual(removed.files.totals.removed.count, added.files.totals.added.count);
});

test("a layer whose list cannot be trusted is said to be unknown", async (t) => {
  const climbing = tarOf([{ path: "app/../../x" }]);
  const to = edited((camera) => {
    camera.layers[1] = climbing;
    camera.config.rootfs.diff_ids[1] = digestOf(climbing);
  });
  const [camera] = (await compare(t, {}, to)).images;
  assert.match(camera!.files.unknown!, /^sha256:[0-9a-f]{64}: the path "app\/\.\.\/\.\.\/x" leaves the layer$/);
  assert.deepEqual(camera!.files.list, []);
});

test("the first name in a layer may begin like a document", async (t) => {
  const own = tarOf([
    { path: "[slug]/page.js", data: "1" },
    { path: "{x}", data: "2" },
  ]);
  const to = edited((camera) => {
    camera.layers[1] = own;
    camera.config.rootfs.diff_ids[1] = digestOf(own);
  });
  const [camera] = (await compare(t, {}, to)).images;
  assert.deepEqual(
    camera!.files.list.map(({ change, path }) => `${change} ${path}`),
    ["added [slug]", "added [slug]/page.js", "removed app", "removed app/main.py", "added {x}"],
  );
});

test("what is damaged is not compared", async (t) => {
  const wrong = edited((camera) => {
    camera.config.rootfs.diff_ids[1] = digestOf("another");
  });
  await rejectsWith(compare(t, {}, wrong), "integrity", /1\.tar: the file is not right/, /the config says/);
  const dir = tempDir(t);
  const [good, bad] = [join(dir, "good.tar"), join(dir, "bad.tar")];
  const bytes = archiveOf();
  writeFileSync(good, bytes);
  writeFileSync(bad, flip(bytes, bytes.indexOf(CAMERA) + 1100));
  await rejectsWith(diff(bad, good, { store: dir }), "integrity", /bad\.tar: the file is not right/);
});
