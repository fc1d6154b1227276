import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import type { TarEntry } from "../support/ustar.ts";
import { based, has, list, on, onImages, put, verifyPackage } from "./mutation.ts";
import type { PackageHooks } from "./sample.ts";
import { BASE, blob, CAMERA, type Doc, without } from "./sample-archive.ts";

test("a good package has no problem and nothing to warn of", async (t) => {
  for (const layout of ["hybrid", "hybrid-gzip", "flat", "crane"] as const) {
    const { problems, warnings, omitted, checked } = await verifyPackage(t, { layout });
    assert.deepEqual({ problems, warnings, omitted }, { problems: [], warnings: [], omitted: 0 }, layout);
    assert.deepEqual(checked, { checksums: 7, images: 2, layers: 3 }, layout);
  }
});

test("what every reader takes is no problem", async (t) => {
  const variants: Record<string, PackageHooks> = {
    "checksums in another order": { checksums: (text) => `${text.trim().split("\n").reverse().join("\n")}\n` },
    "payload in another order": { payload: (files) => [...files].reverse() },
    "several device types": {
      info: on((info) => info.artifact_depends.device_type.push("skynode-s")),
      metaData: on((doc) => doc["auterion-app-yml"]["target-platform"].push("skynode-s")),
    },
    "a group": { info: on((info) => (info.artifact_provides.artifact_group = "beta")) },
    dependencies: { typeInfo: on((info) => (info.artifact_depends = { "docker-app.x.version": ["1", "2"] })) },
    "a further key in type-info": { typeInfo: on((info) => (info.more = 1)) },
    "documents over several lines": {
      header: (files) =>
        files.map((file) => ({ ...file, data: JSON.stringify(JSON.parse(String(file.data)), null, 2) })),
    },
    "gzip of several members": {
      headerFile: (bytes) => regzip(bytes, 100),
      data: (bytes) => regzip(bytes, 1000),
      image: (bytes) => regzip(bytes, 5000),
    },
    "folders of an archive twice": { archive: (entries) => [entries[0]!, ...entries] },
    "names with ./ in the archive": { archive: (entries) => entries.map((one) => ({ ...one, path: `./${one.path}` })) },
    "metadata last": { archive: (entries) => [...entries].reverse() },
    "an image with two names": {
      images(images) {
        images[0]!.tags.push("com.example.gallery.camera:latest");
        return images;
      },
    },
    "a config without history": { images: onEach((image) => delete image.config.history) },
    "a history that is too short": { images: onEach((image) => image.config.history.pop()) },
    "an empty layer": { images: onEach((image) => put(image, Buffer.alloc(1024))) },
    "a layer without end mark": { images: onEach((image) => put(image, image.layers[1].subarray(0, -1024))) },
    "Docker's names in podman's spelling": {
      images: onEach((image) => (image.tags = image.tags.map((tag: string) => `docker.io/library/${tag}`))),
      index: on((index) => {
        for (const { annotations } of index.manifests) {
          for (const key of Object.keys(annotations))
            annotations[key] = annotations[key].slice("docker.io/library/".length);
        }
      }),
    },
  };
  for (const [name, hooks] of Object.entries(variants)) {
    await t.test(name, async (t) => assert.deepEqual((await verifyPackage(t, hooks)).problems, []));
  }
});

function onEach(edits: (image: Doc) => void) {
  return on((images: Doc[]) => images.forEach((image) => void edits(image)));
}

function regzip(bytes: Buffer, size: number): Buffer {
  const plain = gunzipSync(bytes);
  return Buffer.concat([gzipSync(plain.subarray(0, size)), gzipSync(plain.subarray(size))]);
}

test("only the lowest layers of every image can be left to the device", async (t) => {
  const above = await verifyPackage(t, { app: based, archive: (a) => without(a, blob(CAMERA)) });
  has(above.problems, /camera:1.0.0, layer 2$/, /no layer that the device can find by its base/);
  const elsewhere = await verifyPackage(t, {
    app: based,
    ...onImages((images) => {
      images[1].layers.reverse();
      images[1].config.rootfs.diff_ids.reverse();
    }),
    archive: (a) => without(a, blob(BASE)),
  });
  has(elsewhere.problems, /camera:1.0.0, layer 1$/, /no layer that the device can find by its base/);
});

test("a file with problems everywhere is told in a hundred of them", async (t) => {
  const many: TarEntry[] = Array.from({ length: 300 }, (_, i) => ({ path: `file ${i}`, data: "" }));
  const { problems, omitted } = await verifyPackage(t, { payload: (p) => [...p, ...many] });
  assert.equal(problems.length, 100);
  assert.ok(omitted >= 200);
});

test("what the file says cannot take over the screen", async (t) => {
  const { problems } = await verifyPackage(t, { payload: (p) => [...p, { path: "\u001b[2Jx\n", data: "" }] });
  assert.ok(
    problems.some(({ where }) => where === "data/0000/\ufffd[2Jx\ufffd"),
    list(problems),
  );
});
