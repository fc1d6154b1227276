import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { type ArchiveForm, type ArchiveImage, composeArchive, withoutLayers } from "../../lib/archive/compose.ts";
import { createImageGzip } from "../../lib/archive/image-gzip.ts";
import { plainArchive, spliceArchive } from "../../lib/archive/splice.ts";
import { type ExportOptions, exportFile } from "../../lib/export/export.ts";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { parsePlatform } from "../../lib/platform.ts";
import { verifyFile } from "../../lib/verify/verify.ts";
import { NASTY_TAG, nastyArchive, nastyImage } from "../extract/nasty.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { digestOf, type ImageContent, makeImage, makeIndex } from "../support/image-content.ts";
import { layoutFiles, writeLayout } from "../support/image-layout.ts";
import { bytesOf, storedImages } from "../support/stored-images.ts";
import { tarOf } from "../support/ustar.ts";

/** Exports in memory, with a store of its own that has nothing afterwards. */
async function exported(
  t: TestContext,
  file: string,
  options: Partial<ExportOptions> & { form?: ArchiveForm } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const store = join(tempDir(t), "store");
  const output = async (bytes: Uint8Array) => {
    chunks.push(Buffer.from(bytes));
  };
  try {
    const size = await exportFile(file, { store, form: "docker-archive", output, ...options });
    const bytes = Buffer.concat(chunks);
    if (options.output === undefined) assert.equal(bytes.length, size);
    return bytes;
  } finally {
    if (existsSync(store)) assert.deepEqual(filesIn(store), ["index.json", "oci-layout"], "nothing stays in the store");
  }
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Writes bytes to a file, and tells of the images in it, which must be right. */
async function imagesIn(t: TestContext, bytes: Uint8Array) {
  const file = write(t, bytes);
  assert.deepEqual((await verifyFile(file)).problems, []);
  return (await inspectFile(file)).images;
}

function write(t: TestContext, bytes: Uint8Array): string {
  const file = join(tempDir(t), "file");
  writeFileSync(file, bytes);
  return file;
}

/** Two images, and the first one under a second name behind the other, as one archive. */
async function sample(t: TestContext) {
  const { store, images: stored } = await storedImages(t);
  const [one, two] = stored as [ArchiveImage, ArchiveImage];
  const images = [one, two, { ...one, tags: ["docker.io/library/again:1"] }];
  return { store, images, archive: composeArchive(images, "docker-archive", "plain") };
}

test("an archive that was joined of packed layers gives what was written of them at once", async (t) => {
  const { store, images, archive } = await sample(t);
  const file = write(t, await bytesOf(store, spliceArchive(archive)));
  for (const form of ["docker-archive", "oci"] as const) {
    const expected = await bytesOf(store, plainArchive(composeArchive(images, form, "gzip")));
    assert.ok((await exported(t, file, { form })).equals(expected), form);
    const again = write(t, expected);
    assert.ok((await exported(t, again, { form })).equals(expected), "it stays the same from then on");
  }
});

test("of an archive that is one gzip stream, or plain, layers are packed by the rule", async (t) => {
  const { store, images, archive } = await sample(t);
  const single = await bytesOf(store, (await createImageGzip(store, "single", images))(archive));
  const forms = [single, gunzipSync(single)];
  const all: Buffer[] = [];
  for (const bytes of forms) all.push(await exported(t, write(t, bytes)));
  assert.ok(all[0]!.equals(all[1]!));
  const found = await imagesIn(t, all[0]!);
  assert.deepEqual(
    found.map(({ tags }) => tags),
    [["docker.io/library/com.example.app.one:1.0.0", "docker.io/library/again:1"], images[1]!.tags],
  );
  for (const [i, image] of [images[0]!, images[1]!].entries()) {
    const { configDigest, layers } = found[i]!;
    assert.equal(configDigest, digestOf(image.configBytes));
    assert.equal(layers[2]!.digest, image.layers[2]!.digest, "what was packed here has the same bytes again");
    assert.notEqual(layers[0]!.digest, image.layers[0]!.digest, "what a registry had packed has not");
  }
});

test("some of the images", async (t) => {
  const { store, images, archive } = await sample(t);
  const file = write(t, await bytesOf(store, spliceArchive(archive)));
  const some = await exported(t, file, { services: ["again:1", images[1]!.tags[0]!] });
  const expected = composeArchive([images[1]!, images[2]!], "docker-archive", "gzip");
  assert.ok(some.equals(await bytesOf(store, plainArchive(expected))), "in the order of the file");
  const none = exported(t, file, { services: ["agan:1"] });
  await rejectsWith(none, "unreachable", /no image agan:1 in the file: did you mean `again:1`/);
});

test("layers that are left out come from other files", async (t) => {
  const { store, images, archive } = await sample(t);
  const base = new Set(images[0]!.layers.slice(0, 2).map(({ diffId }) => diffId));
  const lacking = write(t, await bytesOf(store, spliceArchive(withoutLayers(archive, base))));
  const full = write(t, await bytesOf(store, spliceArchive(archive)));
  await rejectsWith(exported(t, lacking), "integrity", /is not in the file/);
  const expected = await bytesOf(store, plainArchive(composeArchive(images, "docker-archive", "gzip")));
  assert.ok((await exported(t, lacking, { with: [write(t, nastyArchive()), full] })).equals(expected));
});

test("names and configs of other writers' archives stay", async (t) => {
  const named = await exported(t, write(t, nastyArchive()));
  const unnamed = await exported(t, write(t, nastyArchive(null)));
  for (const [bytes, tags] of [
    [named, [NASTY_TAG]],
    [unnamed, []],
  ] as const) {
    const [image] = await imagesIn(t, bytes);
    assert.deepEqual(image!.tags, tags);
    assert.equal(image!.configDigest, JSON.parse(nastyImage().root.bytes.toString()).config.digest);
  }
  assert.ok(named.equals(await exported(t, write(t, nastyArchive("nasty:1")))), "names are written in full");
  const wrong = write(t, nastyArchive("Nasty:1"));
  await rejectsWith(exported(t, wrong), "input", /"Nasty:1" is not an image reference/);
});

const layout = (t: TestContext, image: ImageContent, name: string, annotations: Record<string, string> = {}) =>
  writeLayout(join(tempDir(t), "layout"), layoutFiles([{ image, name, annotations }]));

test("a manifest stays what it is when it is OCI's own, so that its digest does", async (t) => {
  const image = nastyImage();
  const digest = digestOf(image.root.bytes);
  const pinned = `docker.io/library/nasty:1@${digest}`;
  for (const name of ["1", pinned]) {
    const file = layout(t, image, name, { "io.containerd.image.name": name === "1" ? "nasty:1" : name });
    for (const form of ["docker-archive", "oci"] as const) {
      const [found] = await imagesIn(t, await exported(t, file, { form }));
      assert.equal(found!.manifestDigest, digest);
      assert.deepEqual(found!.tags, [NASTY_TAG]);
    }
  }
  const docker = makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [tarOf([])], form: "docker" });
  const bytes = await exported(t, layout(t, docker, "x:1"), { form: "oci" });
  const [found] = await imagesIn(t, bytes);
  assert.notEqual(found!.manifestDigest, digestOf(docker.root.bytes));
  assert.ok(!bytes.includes("vnd.docker"));
});

test("of an image for several platforms one is taken", async (t) => {
  const platforms = ["amd64", "arm64", "riscv64"].map((architecture) => ({ os: "linux", architecture }));
  const images = platforms.map((platform) =>
    makeImage({ platform, layers: [tarOf([{ path: platform.architecture }])] }),
  );
  const index = makeIndex(images.map((image, i) => ({ image, platform: platforms[i]! })));
  const file = layout(t, index, "docker.io/library/x:1");
  for (const [platform, at] of [
    [undefined, 1],
    ["linux/amd64", 0],
    ["linux/riscv64", 2],
  ] as const) {
    const options = platform === undefined ? {} : { platform: parsePlatform(platform) };
    const found = await imagesIn(t, await exported(t, file, options));
    assert.deepEqual(
      found.map(({ tags, manifestDigest }) => [tags, manifestDigest]),
      [[["docker.io/library/x:1"], digestOf(images[at]!.root.bytes)]],
    );
  }
  const other = exported(t, file, { platform: parsePlatform("linux/s390x") });
  await rejectsWith(other, "unreachable", /no image for linux\/s390x/, /linux\/amd64, linux\/arm64, linux\/riscv64/);
});

test("of an image for several platforms one is taken without a name, too", async (t) => {
  const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
  const images = platforms.map((platform) => makeImage({ platform, layers: [tarOf([{ path: "a" }])] }));
  const image = makeIndex(images.map((image, i) => ({ image, platform: platforms[i]! })));
  const file = writeLayout(join(tempDir(t), "layout"), layoutFiles([{ image }]));
  const found = await imagesIn(t, await exported(t, file));
  assert.deepEqual(
    found.map(({ tags, manifestDigest }) => [tags, manifestDigest]),
    [[[], digestOf(images[1]!.root.bytes)]],
  );
});

test("a tag alone that is no reference is no name", async (t) => {
  const [found] = await imagesIn(t, await exported(t, layout(t, nastyImage(), "1.0-RC1")));
  assert.deepEqual(found!.tags, []);
});

test("a folder is there when it is whole", async (t) => {
  const dir = tempDir(t);
  const file = write(t, nastyArchive());
  const folder = join(dir, "a/layout");
  await exported(t, file, { form: "oci", output: { folder } });
  assert.deepEqual((await verifyFile(folder)).problems, []);
  assert.deepEqual(readdirSync(join(dir, "a")), ["layout"]);
  assert.ok((await exported(t, folder, { form: "oci" })).equals(await exported(t, file, { form: "oci" })));
  await rejectsWith(exported(t, file, { form: "oci", output: { folder } }), "usage", /the folder is not empty/);
  const empty = join(dir, "empty");
  mkdirSync(empty);
  await exported(t, file, { form: "oci", output: { folder: empty } });
});

test("what is damaged gives no file, and what is stopped neither", async (t) => {
  const output = join(tempDir(t), "out.tar");
  const bytes = Buffer.from(nastyArchive());
  bytes.write("Umlauts", bytes.indexOf("umlauts"));
  await rejectsWith(exported(t, write(t, bytes), { output }), "integrity", /damaged or incomplete/, /unpacks to/);
  const { store, archive } = await sample(t);
  const packed = await bytesOf(store, spliceArchive(archive));
  packed[Math.floor(packed.length / 2)]! ^= 1;
  await rejectsWith(exported(t, write(t, packed), { output }), "integrity");
  await rejectsWith(exported(t, write(t, packed.subarray(0, -100)), { output }), "integrity");
  const stop = new AbortController();
  const writing = async () => stop.abort(new Error("enough"));
  const file = write(t, nastyArchive());
  await assert.rejects(exported(t, file, { output: writing, signal: stop.signal }), /enough/);
  await assert.rejects(exported(t, file, { output, signal: stop.signal }), /enough/);
  assert.ok(!existsSync(output));
});
