import { gunzipSync } from "node:zlib";
import type { TarEntry } from "../support/ustar.ts";
import { based, CAMERA_TAG, IMAGE, IN_IMAGE, on, onImages, put, WEB_TAG, warnsOfAll } from "./mutation.ts";
import { BASE, blob, edit, without } from "./sample-archive.ts";

warnsOfAll("package", [
  [
    "a signature",
    { members: (m) => [...m.slice(0, 2), { path: "manifest.sig", data: "A".repeat(88) }, ...m.slice(2)] },
    "manifest.sig",
    /not checked/,
  ],
  ["an artifact without end mark", { file: (b) => b.subarray(0, b.length - 1024) }, "artifact", /no whole end mark/],
  [
    "data not packed",
    {
      members: (m) =>
        edit(m, "data/0000.tar.gz", { path: "data/0000.tar", data: gunzipSync(Buffer.from(m[3]!.data!)) }),
    },
    "data/0000.tar",
    /Auterion's tools look for data\/0000.tar.gz/,
  ],
  ["an archive that is not packed", { image: (b) => gunzipSync(b) }, IN_IMAGE, /not packed with gzip/],
  ["links", { layout: "legacy" }, IN_IMAGE, /1 of its layers are symlinks: skopeo/],
  ["hard links", { layout: "legacy", archive: hardlinks }, IN_IMAGE, /1 of its layers are hardlinks: .*containerd/],
  [
    "paths with ./",
    { items: (items) => (items[0].Config = `./${items[0].Config}`) },
    CAMERA_TAG,
    /not a plain one: containerd/,
  ],
  [
    "zstd layers",
    { layout: "flat", ...onImages((images) => put(images[0], Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2]))) },
    /tar$/,
    /not checked: zstd; Docker before version 23/,
  ],
  [
    "a name that is only a tag",
    { index: (d) => (d.manifests[0].annotations = { "org.opencontainers.image.ref.name": "1.0.0" }) },
    `${IN_IMAGE}/index.json/manifests/0`,
    /only the tag 1.0.0/,
  ],
  [
    "a blob twice",
    { archive: (a) => [...a, a.at(-1)!] },
    new RegExp(`^${IN_IMAGE}/blobs/`),
    /twice with the same content/,
  ],
  ["no oci-layout", { archive: (a) => without(a, "oci-layout") }, IN_IMAGE, /no oci-layout/],
  [
    "an image without name",
    { layout: "flat", items: (items) => items.push({ ...items[0], RepoTags: null }) },
    /^image .*json$/,
    /has no name/,
  ],
  [
    "a media type that lies",
    { layout: "hybrid-gzip", ociManifest: (d) => (d.layers[0].mediaType = "application/vnd.oci.image.layer.v1.tar") },
    /layers\/0$/,
    /media type says plain, but the bytes are gzip/,
  ],
  [
    "an image that no service uses",
    { app: (s) => s.replace("  web:\n    build: ./web\n", "").replace(/compose-override:\n( .*\n)+/, "") },
    WEB_TAG,
    /not the image of any service/,
  ],
  [
    "settings that are missing",
    { payload: (p) => without(p, "settings.user.env") },
    "data/0000.tar.gz",
    /has no settings.user.env/,
  ],
  [
    "a file of unknown use",
    { payload: (p) => [...p, { path: "README", data: "" }] },
    "data/0000/README",
    /known to use/,
  ],
  [
    "a key of unknown use",
    { app: (s) => `${s}more: 1\n` },
    "data/0000/auterion-app.yml:18",
    /unlike known manifests: unknown key `more`/,
  ],
  [
    "an unknown device",
    { info: on((i) => (i.artifact_depends.device_type = ["toaster"])) },
    "header.tar.gz/header-info",
    /unknown device `toaster`/,
  ],
  [
    "a device that the manifest does not have",
    { info: on((i) => i.artifact_depends.device_type.push("jetson")) },
    "header.tar.gz/headers/0000/meta-data",
    /target-platform is skynode, the header is for skynode, jetson/,
  ],
  [
    "no manifest in the meta-data",
    { metaData: () => ({}) },
    "header.tar.gz/headers/0000/meta-data",
    /no auterion-app-yml/,
  ],
  [
    "an artifact name without version",
    { info: on((i) => (i.artifact_provides.artifact_name = "com.example.gallery")) },
    "header.tar.gz/header-info",
    /older naming/,
  ],
  [
    "an image named by the application alone",
    { payload: (p) => edit(p, IMAGE, { path: "gallery.image" }) },
    "data/0000/gallery.image",
    /older naming/,
  ],
  [
    "layers left to the device",
    { app: based, archive: (a) => without(a, blob(BASE)) },
    CAMERA_TAG,
    /lowest 1 layers are not in the file: the device needs app-base v2/,
  ],
]);

function hardlinks(entries: TarEntry[]): TarEntry[] {
  return entries.map(({ symlink, ...entry }) =>
    symlink === undefined ? entry : { ...entry, hardlink: symlink.slice(3) },
  );
}
