import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { Value } from "@sinclair/typebox/value";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { Inspection } from "../../spec/inspection.ts";
import { tempDir } from "../support/cleanup.ts";
import { type TarEntry, tarOf } from "../support/ustar.ts";
import {
  type ArchiveHooks,
  archiveEntries,
  archiveOf,
  BASE,
  blob,
  CAMERA,
  GALLERY,
  json,
  type Layout,
  sampleImages,
  sha256,
  TAGS,
  without,
} from "../verify/sample-archive.ts";

const LAYERS = [
  [BASE, CAMERA],
  [BASE, GALLERY],
] as const;

for (const layout of ["hybrid", "hybrid-gzip", "flat", "legacy", "crane", "oci"] satisfies Layout[]) {
  test(`${layout}: the same images come out of every layout`, async (t) => {
    const packed = layout === "hybrid-gzip" || layout === "crane" || layout === "oci";
    const inspection = await inspectBytes(t, archiveOf({ layout }));
    assert.equal(inspection.kind, layout === "oci" ? "oci" : "docker-archive");
    assert.equal(inspection.form, "tar");
    assert.deepEqual(inspection.faults, []);
    const prefix = layout === "oci" ? "docker.io/library/" : "";
    assert.deepEqual(
      inspection.images.map(({ tags }) => tags),
      TAGS.map((tag) => [`${prefix}${tag}`]),
    );
    for (const [i, image] of inspection.images.entries()) {
      const { config } = sampleImages()[i]!;
      assert.equal(image.configDigest, `sha256:${sha256(json(config))}`);
      assert.equal(image.manifestDigest !== undefined, layout === "oci" || layout.startsWith("hybrid"));
      assert.deepEqual(image.platform, { os: "linux", architecture: "arm64", variant: "v8" });
      assert.equal(image.created, "2024-01-01T00:00:00Z");
      assert.deepEqual(image.config, {
        cmd: ["sh"],
        env: ["PATH=/bin"],
        user: "1000",
        workdir: "/app",
        ports: ["8080/tcp"],
        volumes: [],
        labels: { service: String(i) },
      });
      for (const [j, layer] of image.layers.entries()) {
        const plain = LAYERS[i]![j]!;
        const stored = packed ? gzipSync(plain) : plain;
        const { path, ...rest } = layer;
        assert.ok(path !== undefined && path.length > 0);
        assert.deepEqual(rest, {
          diffId: `sha256:${sha256(plain)}`,
          digest: `sha256:${sha256(stored)}`,
          encoding: packed ? "gzip" : "plain",
          size: stored.length,
          plainSize: plain.length,
          createdBy: j === 0 ? "base" : `COPY service${i}`,
          shared: j === 0,
          sharedWith: j === 0 ? [1 - i] : [],
        });
      }
      assert.equal(image.sharedSize, image.layers[0]!.size);
      assert.equal(image.ownSize, image.layers[1]!.size);
    }
    const sizes = inspection.images.map(({ layers }) => layers.map(({ size }) => size!));
    const [[base, camera], [, gallery]] = sizes as [[number, number], [number, number]];
    const file = archiveOf({ layout }).length;
    assert.deepEqual(inspection.totals, {
      file,
      archive: file,
      layers: base + camera + gallery,
      layersApart: 2 * base + camera + gallery,
    });
  });
}

test("an archive packed with gzip, in one member or many, is read like a plain one", async (t) => {
  const plain = archiveOf({ layout: "flat" });
  const half = 5 * 1024;
  const many = Buffer.concat([gzipSync(plain.subarray(0, half)), gzipSync(""), gzipSync(plain.subarray(half))]);
  for (const bytes of [gzipSync(plain), many]) {
    const inspection = await inspectBytes(t, bytes);
    assert.equal(inspection.form, "tar+gzip");
    assert.deepEqual(inspection.images, (await inspectBytes(t, plain)).images);
    assert.equal(inspection.totals.archive, plain.length);
    assert.equal(inspection.totals.file, bytes.length);
  }
});

test("a layer that is a row of gzip members of its own has the size it takes in the file", async (t) => {
  const entries = archiveEntries({ layout: "flat" });
  const at = entries.findIndex(({ path }) => path === `${sha256(GALLERY)}.tar`);
  const start = tarOf(entries.slice(0, at)).length - 1024 + 512;
  const plain = tarOf(entries);
  const packed = [gzipSync(GALLERY.subarray(0, 1000)), gzipSync(GALLERY.subarray(1000))];
  const joined = [gzipSync(plain.subarray(0, start)), ...packed, gzipSync(plain.subarray(start + GALLERY.length))];
  const { images } = await inspectBytes(t, Buffer.concat(joined));
  assert.equal(images[1]!.layers[1]!.packedSize, packed[0]!.length + packed[1]!.length);
  assert.equal(images[0]!.layers[0]!.packedSize, undefined);
});

test("an image layout in a folder is read; links in it are not followed", async (t) => {
  const dir = tempDir(t);
  for (const { path, data } of archiveEntries({ layout: "oci" })) {
    if (path.endsWith("/")) mkdirSync(join(dir, path), { recursive: true });
    else writeFileSync(join(dir, path), data ?? "");
  }
  writeFileSync(join(dir, "README"), "not part of the layout");
  const { images, totals, ...rest } = await inspectFile(dir);
  assert.deepEqual(rest, { file: dir, kind: "oci", form: "folder", faults: [] });
  const tar = await inspectBytes(t, archiveOf({ layout: "oci" }));
  assert.deepEqual(images, tar.images);
  const files = archiveEntries({ layout: "oci" }).reduce((sum, { data }) => sum + Buffer.from(data ?? "").length, 0);
  assert.equal(totals.file, files);
});

test("an index below index.json: platforms that are not there and attestations are no images", async (t) => {
  const nested = (entries: TarEntry[]): TarEntry[] => {
    const index = JSON.parse(String(entries.find(({ path }) => path === "index.json")!.data));
    const { annotations, ...arm64 } = index.manifests[0];
    const attestation = json({ ...JSON.parse(manifestText(entries, arm64.digest)), artifactType: "x/provenance" });
    const below = json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        { ...arm64, digest: `sha256:${"0".repeat(64)}`, platform: { os: "linux", architecture: "amd64" } },
        { ...arm64, platform: { os: "linux", architecture: "arm64" } },
        {
          ...arm64,
          digest: `sha256:${sha256(attestation)}`,
          size: attestation.length,
          platform: { os: "unknown", architecture: "unknown" },
        },
      ],
    });
    const top = { mediaType: "application/vnd.oci.image.index.v1+json", digest: `sha256:${sha256(below)}` };
    return [
      ...without(entries, "index.json"),
      { path: blob(below), data: below },
      { path: blob(attestation), data: attestation },
      {
        path: "index.json",
        data: json({ schemaVersion: 2, manifests: [{ ...top, size: below.length, annotations }] }),
      },
    ];
  };
  const { images, faults } = await inspectBytes(t, archiveOf({ layout: "oci", archive: nested }));
  assert.deepEqual(faults, []);
  assert.deepEqual(
    images.map(({ tags, layers }) => [tags, layers.length]),
    [[[`docker.io/library/${TAGS[0]}`], 2]],
  );
});

test("layers that are not in the archive are shown as missing", async (t) => {
  const { images, faults } = await inspectBytes(t, archiveOf({ archive: (a) => without(a, blob(BASE)) }));
  assert.deepEqual(images[0]!.layers[0], {
    diffId: `sha256:${sha256(BASE)}`,
    path: blob(BASE),
    createdBy: "base",
    shared: true,
    sharedWith: [1],
    missing: true,
  });
  assert.deepEqual(
    faults.map(({ message }) => message),
    [`${blob(BASE)} is not in the archive`, `${blob(BASE)} is not in the archive`],
  );
  assert.deepEqual([images[0]!.sharedSize, images[0]!.ownSize], [0, CAMERA.length]);
});

test("a damaged archive is shown as far as it can be read", async (t) => {
  const whole = archiveOf({ layout: "hybrid" });
  const { images, faults } = await inspectBytes(t, whole.subarray(0, whole.length - 3000));
  assert.equal(images.length, 2);
  assert.match(faults[0]!.message, /ends in the middle of a member/);
});

test("a config with wrong keys still tells of the others", async (t) => {
  const { images, faults } = await inspectBytes(
    t,
    archiveOf({
      images(images) {
        images[0]!.config.created = 5;
        images[0]!.config.os = null;
        return images;
      },
    }),
  );
  assert.equal(images[0]!.created, undefined);
  assert.equal(images[0]!.platform, undefined);
  assert.equal(images[0]!.layers[1]!.createdBy, "COPY service0");
  assert.deepEqual(
    faults.map(({ message }) => message.split(":")[0]),
    ["/created", "/os"],
  );
});

test("a layer of one image twice counts once", async (t) => {
  const hooks: ArchiveHooks = {
    images: ([image]) => {
      image!.layers.push(CAMERA);
      image!.config.rootfs.diff_ids.push(`sha256:${sha256(CAMERA)}`);
      return [image!];
    },
  };
  const { images, totals } = await inspectBytes(t, archiveOf(hooks));
  assert.equal(images[0]!.layers.length, 3);
  assert.equal(images[0]!.ownSize, BASE.length + CAMERA.length);
  assert.equal(totals.layers, totals.layersApart);
});

function manifestText(entries: readonly TarEntry[], digest: string): string {
  return String(entries.find(({ path }) => path === `blobs/sha256/${digest.slice(7)}`)!.data);
}

async function inspectBytes(t: TestContext, bytes: Uint8Array): Promise<Inspection> {
  const file = join(tempDir(t), "archive.tar");
  writeFileSync(file, bytes);
  const inspection = await inspectFile(file);
  assert.deepEqual([...Value.Errors(Inspection, inspection)], []);
  return inspection;
}
