import { tarOf } from "../support/ustar.ts";
import { CAMERA_TAG, findsAll, IN_IMAGE, onImages, put, WEB_TAG } from "./mutation.ts";
import { blob, CAMERA, type Doc, edit, flip, GALLERY, sha256, without } from "./sample-archive.ts";

findsAll("images", [
  [
    "a layer that is missing",
    { archive: (a) => without(a, blob(CAMERA)) },
    `${CAMERA_TAG}, layer 2`,
    /is not in the archive/,
  ],
  [
    "a config that is missing",
    { items: (items) => (items[0].Config = "config.json") },
    `${IN_IMAGE}/config.json`,
    /is not in the archive/,
  ],
  [
    "a config of another name",
    { layout: "flat", items: (items) => (items[0].Config = items[1].Config) },
    `${CAMERA_TAG}, layer 2`,
    /unpacks to/,
  ],
  [
    "another diffID",
    onImages((images) => (images[1].config.rootfs.diff_ids[1] = `sha256:${"0".repeat(64)}`)),
    `${WEB_TAG}, layer 2`,
    /unpacks to sha256:.*, but the config says sha256:0000/,
  ],
  [
    "layers the wrong way round",
    { items: (items) => items[0].Layers.reverse() },
    `${CAMERA_TAG}, layer 1`,
    /unpacks to/,
  ],
  [
    "a layer too few",
    { items: (items) => items[0].Layers.pop() },
    CAMERA_TAG,
    /has 1 layers, but its config has 2 diffIDs/,
  ],
  [
    "a layer too many",
    { items: (items) => items[0].Layers.push(items[1].Layers[1]) },
    CAMERA_TAG,
    /has 3 layers, but its config has 2 diffIDs/,
  ],
  [
    "one file for two diffIDs",
    { items: (items) => (items[1].Layers[1] = items[0].Layers[1]) },
    `${WEB_TAG}, layer 2`,
    /stands for two diffIDs/,
  ],
  [
    "126 layers",
    onImages((images) => grow(images[0], 126)),
    CAMERA_TAG,
    /has 126 layers, where engines take at most 125/,
  ],
  [
    "more history than layers",
    onImages((images) => images[0].config.history.push({ created_by: "more" })),
    CAMERA_TAG,
    /history tells of 3 layers, but it has 2/,
  ],
  [
    "a config without architecture",
    onImages((images) => delete images[0].config.architecture),
    /blobs\/sha256/,
    /architecture/,
  ],
  [
    "a tag without version",
    onImages((images) => (images[0].tags = ["com.example.gallery.camera"])),
    CAMERA_TAG.slice(0, -6),
    /has no tag/,
  ],
  [
    "an illegal tag",
    onImages((images) => (images[0].tags = ["Com.Example:1"])),
    "image Com.Example:1",
    /no legal name/,
  ],
  [
    "a tag with a digest",
    onImages((images) => (images[0].tags = [`a@sha256:${"0".repeat(64)}`])),
    /^image a@/,
    /digest/,
  ],
  [
    "one tag for two images",
    onImages((images) => (images[1].tags = ["docker.io/library/com.example.gallery.camera:1.0.0"])),
    /^image docker.io/,
    /and so has image com.example.gallery.camera/,
  ],
  [
    "a layer that is no tar file",
    onImages((images) => put(images[0], Buffer.from("no tar".repeat(200)))),
    /blobs\/sha256/,
    /is no layer: bad header/,
  ],
  [
    "a layer that is cut",
    onImages((images) => put(images[0], CAMERA.subarray(0, 1030))),
    /blobs\/sha256/,
    /is no layer: .*ends in the middle/,
  ],
  [
    "a layer that is a document",
    onImages((images) => put(images[0], Buffer.from("{}"))),
    /blobs\/sha256/,
    /JSON document and no layer/,
  ],
  [
    "a path twice in a layer",
    onImages((images) =>
      put(
        images[0],
        tarOf([
          { path: "a", data: "1" },
          { path: "./a", data: "2" },
        ]),
      ),
    ),
    /blobs\/sha256/,
    /has a twice/,
  ],
  [
    "a folder twice in a layer",
    onImages((images) => put(images[0], tarOf([{ path: "d/" }, { path: "d/" }]))),
    /blobs\/sha256/,
    /has d twice/,
  ],
  [
    "a hard link without its target",
    onImages((images) => put(images[0], tarOf([{ path: "a", hardlink: "b" }]))),
    /blobs\/sha256/,
    /hard link a without its target/,
  ],
  [
    "a packed layer that is damaged",
    {
      layout: "crane",
      archive: (a) =>
        a.map((one) =>
          one.path.endsWith(".gz")
            ? { ...one, data: flip(Buffer.from(one.data!), Buffer.from(one.data!).length - 8) }
            : one,
        ),
    },
    /tar.gz$/,
    /cannot be unpacked: .*CRC-32/,
  ],
  [
    "a packed layer with bytes behind",
    {
      layout: "crane",
      archive: (a) =>
        a.map((one) =>
          one.path.endsWith(".gz") ? { ...one, data: Buffer.concat([Buffer.from(one.data!), Buffer.from("x")]) } : one,
        ),
    },
    /tar.gz$/,
    /cannot be unpacked: .*follow/,
  ],
  [
    "a flat layer that is not what it is named by",
    { layout: "flat", archive: (a) => edit(a, `${sha256(CAMERA)}.tar`, { data: GALLERY }) },
    `${IN_IMAGE}/${sha256(CAMERA)}.tar`,
    /neither the digest nor the diffID/,
  ],
  [
    "a flat config that is not what it is named by",
    {
      layout: "flat",
      archive: (a) =>
        a.map((one) =>
          one.path.endsWith(".json") && one.path !== "manifest.json" ? { ...one, data: `${one.data} ` } : one,
        ),
    },
    /json$/,
    /named by/,
  ],
  [
    "a link to nothing",
    { layout: "legacy", archive: (a) => a.map((one) => (one.symlink ? { ...one, symlink: "../nothing" } : one)) },
    `${WEB_TAG}, layer 1`,
    /is not in the archive/,
  ],
  [
    "a link to itself",
    { layout: "legacy", archive: (a) => a.map((one) => (one.symlink ? { ...one, symlink: "layer.tar" } : one)) },
    `${WEB_TAG}, layer 1`,
    /is not in the archive/,
  ],
  [
    "a link out of the archive",
    {
      layout: "legacy",
      archive: (a) => a.map((one) => (one.symlink ? { ...one, symlink: "../../../../etc/passwd" } : one)),
    },
    `${WEB_TAG}, layer 1`,
    /is not in the archive/,
  ],
  ["a device", { tar: (b) => typeflag(b, "oci-layout", "3") }, `${IN_IMAGE}/oci-layout`, /is a device/],
]);

function grow(image: Doc, count: number): void {
  for (let i = image.layers.length; i < count; i += 1) {
    const layer = tarOf([{ path: `layer${i}`, data: "" }]);
    image.layers.push(layer);
    image.config.rootfs.diff_ids.push(`sha256:${sha256(layer)}`);
  }
}

/** Changes the type of a member in a finished tar file. */
function typeflag(bytes: Buffer, path: string, flag: string): Buffer {
  const changed = Buffer.from(bytes);
  const start = bytes.indexOf(`${path}\0`);
  const header = changed.subarray(start, start + 512);
  header.write(flag, 156, "latin1");
  header.write("        ", 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return changed;
}
