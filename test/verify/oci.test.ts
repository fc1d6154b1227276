import { CAMERA_TAG, findsAll, IN_IMAGE, WEB_TAG } from "./mutation.ts";
import { type Doc, edit } from "./sample-archive.ts";

findsAll("index.json", [
  [
    "a manifest that is missing",
    { index: (d) => (d.manifests[0].digest = `sha256:${"0".repeat(64)}`) },
    `${IN_IMAGE}/index.json/manifests/0`,
    /is not in the archive/,
  ],
  [
    "a manifest of another size",
    { index: (d) => (d.manifests[0].size += 1) },
    `${IN_IMAGE}/index.json/manifests/0`,
    /bytes instead of/,
  ],
  ["index.json no JSON", { archive: (a) => edit(a, "index.json", { data: "{" }) }, `${IN_IMAGE}/index.json`, /JSON/],
  [
    "an image that index.json does not have",
    { index: (d) => d.manifests.pop() },
    WEB_TAG,
    /in manifest.json, but not in index.json/,
  ],
  [
    "an image that manifest.json does not have",
    { items: (d) => d.pop() },
    /^image docker.io\/library\/com.example.gallery.web/,
    /in index.json, but not in manifest.json/,
  ],
  ["a layer of another size", { ociManifest: (d) => (d.layers[0].size -= 1) }, /layers\/0$/, /bytes instead of/],
  ["a config of another size", { ociManifest: (d) => (d.config.size -= 1) }, /config$/, /bytes instead of/],
  [
    "a layer in the OCI manifest only",
    { ociManifest: (d) => (d.layers[1].digest = `sha256:${"0".repeat(64)}`) },
    /layers\/1$/,
    /is not in the archive/,
  ],
  [
    "layers in another order",
    { ociManifest: (d) => d.layers.reverse() },
    /blobs\/sha256/,
    /layer 1 is not the one with that place/,
  ],
  [
    "a layer less in the OCI manifest",
    { ociManifest: (d) => d.layers.pop() },
    /blobs\/sha256/,
    /has 1 layers, but the config has 2/,
  ],
  [
    "another name in index.json",
    { index: (d) => rename(d.manifests[0], "docker.io/library/other:1") },
    CAMERA_TAG,
    /but other:1 in index.json/,
  ],
  [
    "only attachments",
    {
      index: (d) => {
        for (const one of d.manifests) one.annotations["vnd.docker.reference.type"] = "attestation-manifest";
      },
    },
    `${IN_IMAGE}/index.json`,
    /leads to no image/,
  ],
]);

function rename(entry: Doc, name: string): void {
  for (const key of Object.keys(entry.annotations)) entry.annotations[key] = name;
}
