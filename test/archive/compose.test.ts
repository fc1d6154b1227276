import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Archive,
  type ArchiveForm,
  type ArchiveImage,
  archiveParts,
  composeArchive,
} from "../../lib/archive/compose.ts";
import type { LayerForm } from "../../lib/archive/manifest.ts";
import { plainArchive } from "../../lib/archive/splice.ts";
import { digestOf, hex } from "../../lib/digest.ts";
import { decodeJson } from "../../spec/decode.ts";
import { DockerArchiveManifest } from "../../spec/docker-archive.ts";
import { Index, LayoutMarker, Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import type { LayerRecord } from "../../spec/store.ts";
import { tempDir } from "../support/cleanup.ts";
import { type ListedMember, listTar } from "../support/gnu-tar.ts";
import { runOk } from "../support/run.ts";
import { bytesOf, imageOf, type StoredImages, storedImages, TAGS } from "../support/stored-images.ts";
import { requireTool } from "../support/tools.ts";

/** A layer that is nowhere: enough where nothing is read. */
function layer(name: string, packing = "gzip"): LayerRecord {
  const digest = digestOf(`${name} as ${packing}`);
  return { version: 1, diffId: digestOf(name), plainSize: 100, digest, size: 50, crc: 0 };
}

/** The archive as a file, its members as GNU tar lists them, and its unpacked folder. */
async function written(t: TestContext, { store, images }: StoredImages, form: ArchiveForm) {
  const archive = composeArchive(images, form, "gzip");
  const dir = tempDir(t);
  const file = join(dir, "out.tar");
  const bytes = await bytesOf(store, plainArchive(archive));
  writeFileSync(file, bytes);
  mkdirSync(join(dir, "out"));
  await runOk("tar", ["--extract", "-f", file, "-C", join(dir, "out")]);
  const read = (path: string) => readFileSync(join(dir, "out", path));
  return { archive, file, size: bytes.length, members: await listTar(file), read };
}

function blobPath(digest: string): string {
  return `blobs/sha256/${hex(digest)}`;
}

test("the layout: order, kinds, modes, owners, times", async (t) => {
  if (!requireTool(t, "tar")) return;
  const { members, size } = await written(t, await storedImages(t), "docker-archive");
  const documents = ["blobs/", "blobs/sha256/", "oci-layout", "index.json", "manifest.json"];
  assert.deepEqual(
    members.slice(0, 5).map(({ path }) => path),
    documents,
  );
  const blobs = members.slice(5).map(({ path }) => path);
  // Two configs, two manifests, two base layers, two own ones.
  assert.equal(blobs.length, 8);
  assert.deepEqual(blobs, [...new Set(blobs)].sort());
  assert.ok(blobs.every((path) => /^blobs\/sha256\/[0-9a-f]{64}$/.test(path)));
  for (const { mode, owner, time, link, path } of members) {
    assert.deepEqual([owner, time, link], ["0/0", "1970-01-01 00:00:00", undefined]);
    assert.equal(mode, path.endsWith("/") ? "drwxr-xr-x" : "-rw-r--r--");
  }
  const content = members.reduce((sum, member: ListedMember) => sum + 512 + Math.ceil(member.size / 512) * 512, 1024);
  assert.equal(size, content);
});

test("every document is what its schema and its neighbours say", async (t) => {
  if (!requireTool(t, "tar")) return;
  const stored = await storedImages(t);
  const { read, archive } = await written(t, stored, "docker-archive");
  decodeJson(LayoutMarker, read("oci-layout"));
  const index = decodeJson(Index, read("index.json"));
  const items = decodeJson(DockerArchiveManifest, read("manifest.json"));
  assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
  assert.deepEqual(
    items.map(({ RepoTags }) => RepoTags),
    [[TAGS[0]], [TAGS[1]]],
  );
  for (const [i, entry] of index.manifests.entries()) {
    assert.equal(entry.platform, undefined, "ctr drops what names another platform");
    assert.deepEqual(entry.annotations, {
      "io.containerd.image.name": TAGS[i],
      "org.opencontainers.image.ref.name": TAGS[i],
    });
    const bytes = read(blobPath(entry.digest));
    assert.deepEqual([digestOf(bytes), bytes.length], [entry.digest, entry.size]);
    const manifest = decodeJson(Manifest, bytes);
    assert.equal(manifest.mediaType, entry.mediaType);
    const config = read(blobPath(manifest.config.digest));
    assert.deepEqual(config, stored.images[i]!.configBytes);
    const { rootfs } = decodeJson(ImageConfig, config);
    assert.equal(rootfs.diff_ids.length, manifest.layers.length);
    for (const { digest, size, mediaType } of [manifest.config, ...manifest.layers]) {
      const blob = read(blobPath(digest));
      assert.deepEqual([digestOf(blob), blob.length], [digest, size]);
      assert.match(mediaType, /^application\/vnd\.oci\.image\.(config\.v1\+json|layer\.v1\.tar\+gzip)$/);
    }
    assert.deepEqual(items[i], {
      Config: blobPath(manifest.config.digest),
      RepoTags: [TAGS[i]],
      Layers: manifest.layers.map(({ digest }) => blobPath(digest)),
    });
    assert.deepEqual(archive.images[i], {
      tags: [TAGS[i]],
      configDigest: manifest.config.digest,
      manifestDigest: entry.digest,
    });
  }
});

test("skopeo reads each image, layers and all", async (t) => {
  if (!requireTool(t, "skopeo", "tar")) return;
  const stored = await storedImages(t);
  const dir = tempDir(t);
  const skopeo = (...args: string[]) => {
    const env = { HOME: dir, XDG_RUNTIME_DIR: dir };
    return runOk("skopeo", ["--insecure-policy", "--override-os=linux", "--override-arch=arm64", ...args], { env });
  };
  for (const [form, transport] of [
    ["docker-archive", "docker-archive"],
    ["docker-archive", "oci-archive"],
    ["oci", "oci-archive"],
  ] as const) {
    const { file } = await written(t, stored, form);
    for (const [i, tag] of TAGS.entries()) {
      const source = `${transport}:${file}:${tag}`;
      // A copy unpacks the layers and compares them with their digests.
      await skopeo("copy", source, `dir:${join(dir, `${form}-${transport}-${i}`)}`);
      const config = JSON.parse(await skopeo("inspect", "--config", source));
      assert.deepEqual(config, JSON.parse(String(stored.images[i]!.configBytes)));
    }
  }
});

test("the form oci is the same without manifest.json", async (t) => {
  const { images } = await storedImages(t);
  const paths = (archive: Archive) => archive.members.map(({ path }) => path);
  const hybrid = paths(composeArchive(images, "docker-archive", "gzip"));
  const oci = paths(composeArchive(images, "oci", "gzip"));
  assert.deepEqual(
    oci,
    hybrid.filter((path) => path !== "manifest.json"),
  );
});

function documentsOf(images: readonly ArchiveImage[], form: LayerForm = "gzip") {
  const { members, images: ids } = composeArchive(images, "docker-archive", form);
  const text = (path: string) => {
    const member = members.find((found) => found.path === path);
    assert.ok(member !== undefined && "bytes" in member);
    return member.bytes;
  };
  const index = decodeJson(Index, text("index.json"));
  const items = decodeJson(DockerArchiveManifest, text("manifest.json"));
  const manifests = index.manifests.map(({ digest }) => decodeJson(Manifest, text(blobPath(digest))));
  return { index, items, manifests, ids, layers: members.filter((member) => "layer" in member) };
}

test("plain layers are named by their diffIDs, so that two packings of one tar are one blob", () => {
  const one = imageOf([layer("base", "gzip -9"), layer("x")], ["a:1"]);
  const two = imageOf([layer("base", "gzip -1"), layer("y")], ["b:1"]);
  const plain = documentsOf([one, two], "plain");
  assert.deepEqual(
    plain.layers.map(({ path }) => path),
    ["base", "x", "y"].map((name) => blobPath(digestOf(name))).sort(),
  );
  assert.deepEqual(plain.manifests[0]?.layers[0], {
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    digest: digestOf("base"),
    size: 100,
  });
  assert.equal(documentsOf([one, two], "gzip").layers.length, 4);
});

test("one config under several names is one item with all of its tags", () => {
  const image = imageOf([layer("x")], ["a:1", "a:2"], "same");
  const other = imageOf([layer("y")], ["c:1"], "other");
  const again = imageOf([layer("x")], ["b:1"], "same");
  const { items, index, ids } = documentsOf([image, other, again]);
  assert.deepEqual(
    items.map(({ RepoTags }) => RepoTags),
    [["a:1", "a:2", "b:1"], ["c:1"]],
  );
  const names = index.manifests.map(({ annotations }) => annotations?.["io.containerd.image.name"]);
  assert.deepEqual(names, ["a:1", "a:2", "c:1", "b:1"]);
  assert.deepEqual(
    ids.map(({ tags }) => tags),
    [["a:1", "a:2"], ["c:1"], ["b:1"]],
  );
  assert.equal(ids[0]?.configDigest, ids[2]?.configDigest);
});

test("an image without a name, a layer twice in one image, no image at all", () => {
  const { items, index, layers } = documentsOf([imageOf([layer("x"), layer("y"), layer("x")], [])]);
  assert.deepEqual(items[0]?.RepoTags, []);
  assert.equal(index.manifests[0]?.annotations, undefined);
  assert.equal(items[0]?.Layers?.length, 3);
  assert.equal(layers.length, 2);
  assert.deepEqual(documentsOf([]).items, []);
});

test("the parts of the stream stand between the layers", () => {
  const archive = composeArchive([imageOf([layer("x"), layer("y")], ["a:1"])], "docker-archive", "gzip");
  const parts = archiveParts(archive);
  assert.equal(parts.length, 5);
  assert.deepEqual(
    parts.map((part) => ("layer" in part ? part.form : "bytes")),
    ["bytes", "gzip", "bytes", "gzip", "bytes"],
  );
  const size = parts.reduce((sum, part) => sum + ("bytes" in part ? part.bytes.length : part.layer.size), 0);
  assert.equal(size % 512, 0);
  assert.deepEqual(composeArchive([], "oci", "gzip"), composeArchive([], "oci", "gzip"));
});
