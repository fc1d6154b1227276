import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { generatedBase, generatedBusybox } from "./generated-base.ts";
import { digestOf, type ImageContent } from "./image-content.ts";
import { runOk } from "./run.ts";
import { requireTool } from "./tools.ts";

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly variant?: string };
}

function manifestOf(content: ImageContent, digest: string): { config: Descriptor; layers: Descriptor[] } {
  const found = content.manifests.find(({ bytes }) => digestOf(bytes) === digest);
  return JSON.parse(found!.bytes.toString());
}

function blobOf(content: ImageContent, { digest, size }: Descriptor): Buffer {
  const blob = content.blobs.get(digest);
  assert.ok(blob instanceof Uint8Array && blob.length === size && digestOf(blob) === digest);
  return Buffer.from(blob);
}

test("the images are the same bytes on every machine", () => {
  // Known answers: whoever changes the content on purpose puts the new ones here.
  const digests = [
    generatedBase(),
    generatedBase({ attestation: true }),
    generatedBase({ form: "docker" }),
    generatedBusybox(),
  ];
  assert.deepEqual(
    digests.map(({ root }) => digestOf(root.bytes)),
    [
      "sha256:9191e42226005c79e5367ad2be9f046eab60de11ed08d71976902effa4a77950",
      "sha256:256184489d025465e4d6f37d09e1f0d8398f5ae30beec4b9e286c1467e9a238c",
      "sha256:34609ab95e4c3581d96fe1e1f59b750145ef591ad1ac339270cd3b758d07ffa9",
      "sha256:c516b9aedae2eaad8eb2fcc5a29f0d115a5f2e0857a2e54b923ce9897885321e",
    ],
  );
});

test("the base is an index of two platforms, whose blobs match their descriptors and diffIDs", () => {
  const base = generatedBase({ attestation: true });
  const { manifests }: { manifests: Descriptor[] } = JSON.parse(base.root.bytes.toString());
  assert.deepEqual(
    manifests.map(({ platform }) => `${platform?.architecture}/${platform?.variant ?? ""}`),
    ["amd64/", "arm64/v8", "unknown/"],
  );
  for (const entry of manifests.slice(0, 2)) {
    const { config, layers } = manifestOf(base, entry.digest);
    const { rootfs, history, variant } = JSON.parse(blobOf(base, config).toString());
    assert.deepEqual(
      layers.map((layer) => digestOf(gunzipSync(blobOf(base, layer)))),
      rootfs.diff_ids,
    );
    assert.equal(history.filter((step: { empty_layer?: boolean }) => step.empty_layer !== true).length, layers.length);
    assert.equal(variant, entry.platform?.variant);
  }
});

test("GNU tar lists the layers", async (t) => {
  if (!requireTool(t, "tar")) return;
  const base = generatedBase();
  const { manifests }: { manifests: Descriptor[] } = JSON.parse(base.root.bytes.toString());
  const { layers } = manifestOf(base, manifests[1]!.digest);
  const [root, python] = await Promise.all(
    layers.map((layer) =>
      runOk("tar", ["-tvz", "--numeric-owner"], { input: blobOf(base, layer), env: { TZ: "UTC" } }),
    ),
  );
  assert.match(root!, /^lrwxrwxrwx 0\/0 +0 1970-01-01 00:00 bin -> usr\/bin$/m);
  assert.match(root!, /^drwxrwxrwt 0\/0 .* tmp\/$/m);
  assert.match(root!, /^-rw-r----- 0\/42 .* etc\/shadow$/m);
  assert.match(root!, /^-rw-r--r-- .* usr\/share\/doc\/base\/README$/m);
  assert.match(python!, /^-rwxr-xr-x 0\/0 +200\d{3} .* usr\/local\/bin\/python3$/m);
  assert.match(python!, /^-rw-r--r-- 0\/0 +0 .* usr\/share\/doc\/base\/\.wh\.README$/m);
});
