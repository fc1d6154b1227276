import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { DockerArchiveManifest } from "../../spec/docker-archive.ts";
import { isForeignLayer, layerEncoding, MEDIA } from "../../spec/media-types.ts";
import { Descriptor, Digest, Index, LayoutMarker, Manifest } from "../../spec/oci.ts";
import { ImageConfig } from "../../spec/oci-config.ts";
import { AuthFile, RegistryErrors, TokenAnswer } from "../../spec/registry.ts";
import { generatedBase, generatedBusybox } from "../support/generated-base.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const DESCRIPTOR = { mediaType: MEDIA.ociLayerGzip, digest: DIGEST, size: 1 };
const MANIFEST = { schemaVersion: 2, config: DESCRIPTOR, layers: [DESCRIPTOR] };
const CONFIG = { architecture: "arm64", os: "linux", rootfs: { type: "layers", diff_ids: [DIGEST] } };

function verdicts(name: string, schema: TSchema, values: { good: readonly unknown[]; bad: readonly unknown[] }): void {
  test(name, () => {
    for (const value of values.good) assert.ok(Value.Check(schema, value), `refused: ${JSON.stringify(value)}`);
    for (const value of values.bad) assert.ok(!Value.Check(schema, value), `accepted: ${JSON.stringify(value)}`);
  });
}

describe("documents of registries and layouts", () => {
  verdicts("digest", Digest, {
    good: [DIGEST],
    bad: [
      DIGEST.toUpperCase(),
      `${DIGEST}0`,
      DIGEST.slice(0, -1),
      `${DIGEST}\n`,
      `x${DIGEST}`,
      `sha256:../../${"0".repeat(58)}`,
      `sha512:${"0".repeat(128)}`,
      "",
      null,
    ],
  });
  verdicts("descriptor", Descriptor, {
    good: [
      DESCRIPTOR,
      { ...DESCRIPTOR, size: 0 },
      { ...DESCRIPTOR, size: Number.MAX_SAFE_INTEGER },
      { ...DESCRIPTOR, urls: ["https://x"], annotations: { a: "b" }, data: "e30=", unknown: 1 },
    ],
    bad: [
      { ...DESCRIPTOR, size: -1 },
      { ...DESCRIPTOR, size: 1.5 },
      { ...DESCRIPTOR, size: "1" },
      { ...DESCRIPTOR, size: 2 ** 53 },
      { ...DESCRIPTOR, digest: "sha256:abc" },
      { ...DESCRIPTOR, mediaType: undefined },
      { ...DESCRIPTOR, annotations: { a: 1 } },
      [],
    ],
  });
  verdicts("manifest", Manifest, {
    good: [MANIFEST, { ...MANIFEST, layers: [] }, { ...MANIFEST, artifactType: "x", subject: DESCRIPTOR }],
    bad: [
      { ...MANIFEST, schemaVersion: 1 },
      { ...MANIFEST, schemaVersion: "2" },
      { ...MANIFEST, config: undefined },
      { ...MANIFEST, layers: null },
      { ...MANIFEST, layers: Array(1001).fill(DESCRIPTOR) },
      null,
    ],
  });
  verdicts("index", Index, {
    good: [
      { schemaVersion: 2, manifests: [] },
      {
        schemaVersion: 2,
        manifests: [{ ...DESCRIPTOR, platform: { os: "linux", architecture: "arm64", variant: "v8" } }],
      },
      {
        schemaVersion: 2,
        manifests: [{ ...DESCRIPTOR, platform: { os: "windows", architecture: "amd64", "os.version": "10" } }],
      },
    ],
    bad: [
      { schemaVersion: 2 },
      { schemaVersion: 2, manifests: [{ ...DESCRIPTOR, platform: { os: "linux" } }] },
      { schemaVersion: 2, manifests: [{ ...DESCRIPTOR, platform: "linux/arm64" }] },
      { schemaVersion: 2, manifests: Array(10_001).fill(DESCRIPTOR) },
    ],
  });
  verdicts("image config", ImageConfig, {
    good: [
      CONFIG,
      { ...CONFIG, config: null, history: null },
      { ...CONFIG, config: { Env: null, Cmd: null, Labels: null, Volumes: null, OnBuild: null, ExposedPorts: null } },
      {
        ...CONFIG,
        config: { ExposedPorts: { "80/tcp": {} }, Volumes: { "/data": {} }, Hostname: "x", ArgsEscaped: true },
      },
      { ...CONFIG, config: { Healthcheck: { Test: ["CMD", "x"], Interval: 1e9, Retries: 3 } } },
      { ...CONFIG, history: [{ created: "2024-01-01T00:00:00Z", empty_layer: true, unknown: 1 }] },
      { ...CONFIG, "moby.buildkit.x": "y", docker_version: "20" },
    ],
    bad: [
      { ...CONFIG, architecture: undefined },
      { ...CONFIG, os: 1 },
      { ...CONFIG, rootfs: { type: "other", diff_ids: [] } },
      { ...CONFIG, rootfs: { type: "layers", diff_ids: ["x"] } },
      { ...CONFIG, rootfs: { type: "layers", diff_ids: null } },
      { ...CONFIG, config: { Env: "A=b" } },
      { ...CONFIG, config: { Env: [1] } },
      { ...CONFIG, config: { ExposedPorts: ["80/tcp"] } },
      { ...CONFIG, config: { Labels: { a: 1 } } },
      { ...CONFIG, history: {} },
    ],
  });
  verdicts("oci-layout", LayoutMarker, {
    good: [{ imageLayoutVersion: "1.0.0" }],
    bad: [{ imageLayoutVersion: "2.0.0" }, {}, "1.0.0"],
  });
  verdicts("manifest.json of an archive", DockerArchiveManifest, {
    good: [
      [],
      [{ Config: "c.json", RepoTags: ["a:1"], Layers: ["l.tar"] }],
      [{ Config: "c.json", RepoTags: null, Layers: null }],
      [{ Config: "c.json", Layers: [], LayerSources: {} }],
    ],
    bad: [{}, [{ Config: "", Layers: [] }], [{ RepoTags: [], Layers: [] }], [{ Config: "c", Layers: [""] }], [null]],
  });
});

describe("what registries answer", () => {
  verdicts("errors", RegistryErrors, {
    good: [{ errors: [] }, { errors: [{ code: "X", message: "m", detail: {} }] }, { errors: [{}] }],
    bad: [{}, { errors: {} }, { errors: [{ message: 1 }] }, { errors: Array(101).fill({}) }],
  });
  verdicts("tokens", TokenAnswer, {
    good: [{}, { token: "t" }, { access_token: "t", expires_in: 300, issued_at: "x" }],
    bad: [{ token: "" }, { token: 1 }, { expires_in: "300" }, [], null],
  });
  verdicts("credential files", AuthFile, {
    good: [
      {},
      { auths: {} },
      { auths: { h: {} } },
      { auths: { h: { auth: "eA==" } }, credsStore: "x", credHelpers: {} },
    ],
    bad: [{ auths: [] }, { auths: { h: "x" } }, { auths: { h: { auth: 1 } } }, []],
  });
});

test("the images that the tests serve have these forms, too", () => {
  for (const image of [generatedBase(), generatedBase({ form: "docker", attestation: true }), generatedBusybox()]) {
    for (const { bytes, mediaType } of image.manifests) {
      const schema = mediaType === MEDIA.ociIndex || mediaType === MEDIA.dockerIndex ? Index : Manifest;
      assert.ok(Value.Check(schema, JSON.parse(String(bytes))), mediaType);
    }
  }
});

test("encodings of layers", () => {
  assert.equal(layerEncoding("application/vnd.oci.image.layer.v1.tar+gzip"), "gzip");
  assert.equal(layerEncoding("application/vnd.docker.image.rootfs.diff.tar.gzip"), "gzip");
  assert.equal(layerEncoding("application/vnd.oci.image.layer.v1.tar"), "plain");
  assert.equal(layerEncoding("application/vnd.docker.image.rootfs.diff.tar"), "plain");
  assert.equal(layerEncoding("application/vnd.oci.image.layer.v1.tar+zstd"), "zstd");
  assert.equal(layerEncoding("application/vnd.docker.image.rootfs.diff.tar.zstd"), "zstd");
  for (const type of ["", "application/json", "__proto__", MEDIA.ociConfig])
    assert.equal(layerEncoding(type), undefined);
  assert.ok(isForeignLayer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
  assert.ok(isForeignLayer("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"));
  assert.ok(!isForeignLayer(MEDIA.ociLayerGzip));
});
