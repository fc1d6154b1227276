import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { ArtifactVersion, HeaderInfo, TypeInfo } from "../../spec/mender.ts";
import { PlanDocument } from "../../spec/plan.ts";
import { BuildReport } from "../../spec/report.ts";
import { LayerRecord, LayerTree, ReferenceRecord } from "../../spec/store.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

/** A sample that fits; each change of it must not. `undefined` takes a key out. */
function sample(name: string, schema: TSchema, good: object, changes: readonly object[]): void {
  test(name, () => {
    assert.ok(Value.Check(schema, good), JSON.stringify([...Value.Errors(schema, good)][0]));
    for (const change of changes) {
      const bad = JSON.parse(JSON.stringify({ ...good, ...change }));
      assert.ok(!Value.Check(schema, bad), `accepted: ${JSON.stringify(change)}`);
    }
  });
}

describe("records of the store know their version and no other key", () => {
  sample(
    "layer",
    LayerRecord,
    { version: 1, diffId: DIGEST, plainSize: 1024, digest: DIGEST, size: 30, crc: 0xffffffff },
    [
      { version: 2 },
      { version: "1" },
      { diffId: "x" },
      { plainSize: -1 },
      { size: undefined },
      { crc: 2 ** 32 },
      { crc: -1 },
      { extra: 1 },
    ],
  );
  sample(
    "names",
    LayerTree,
    {
      ...{ version: 1, directories: [["a", "755", 0, 0]], symlinks: [["b", "a"]], files: "c\0d" },
      ...{ whiteouts: ["e"], opaque: ["a"], accounts: { passwd: "" } },
    },
    [
      { version: 0 },
      { directories: [["a", 755, 0, 0]] },
      { directories: [["a", "755", 0]] },
      { directories: [["a", "755", 0.5, 0]] },
      { symlinks: [["b"]] },
      { files: ["c"] },
      { accounts: { passwd: 1 } },
      { whiteouts: undefined },
      { extra: 1 },
    ],
  );
  sample(
    "reference",
    ReferenceRecord,
    {
      ...{ version: 1, reference: "docker.io/library/a:1", platform: "linux/arm64" },
      manifest: { mediaType: "m", digest: DIGEST, size: 1 },
      found: { os: "linux", architecture: "arm64", variant: "v8" },
    },
    [{ version: 2 }, { manifest: { mediaType: "m", digest: "x", size: 1 } }, { found: { os: "linux" } }, { extra: 1 }],
  );
});

describe("documents of an artifact, as strict as the readers in Go", () => {
  sample("version", ArtifactVersion, { format: "mender", version: 3 }, [{ version: 2 }, { format: "x" }, { extra: 1 }]);
  sample(
    "header-info",
    HeaderInfo,
    {
      payloads: [{ type: "docker" }],
      artifact_provides: { artifact_name: "a:1" },
      artifact_depends: { device_type: ["skynode"] },
    },
    [
      { payloads: [{ type: "docker", extra: 1 }] },
      { artifact_provides: {} },
      { artifact_depends: { device_type: [] } },
      { artifact_depends: { device_type: "skynode" } },
      { artifact_depends: {} },
      { extra: 1 },
    ],
  );
  sample("type-info", TypeInfo, { type: "docker", artifact_provides: { "x.version": "1" } }, [
    { type: undefined },
    { artifact_provides: { x: 1 } },
    { clears_artifact_provides: "x.*" },
  ]);
});

describe("what scripts read", () => {
  const layer = {
    ...{ diffId: DIGEST, digest: DIGEST, size: 1, plainSize: 2, origin: "COPY a b", shared: false, source: "packed" },
  };
  const image = {
    tags: ["a:1"],
    configDigest: DIGEST,
    manifestDigest: DIGEST,
    layers: [layer],
    ownSize: 1,
    sharedSize: 0,
    addedSize: 1,
  };
  sample(
    "report",
    BuildReport,
    {
      ...{ version: 1, file: "out", format: "oci", size: 1, platform: "linux/arm64", images: [image], layersSize: 1 },
      ...{ apartSize: 1, payload: [{ name: "a", size: 1, sha256: "0" }], stages: [{ name: "s", start: 0, end: 1.5 }] },
      ...{ localImages: [{ reference: "a:1", manifest: DIGEST }], warnings: ["w"] },
      ...{ shared: { count: 0, size: 0, addedSize: 0 }, sources: [{ source: "store", count: 1, size: 1 }] },
    },
    [
      { version: 2 },
      { shared: { count: 0, size: 0 } },
      { sources: [{ source: "elsewhere", count: 1, size: 1 }] },
      { localImages: [{ reference: "a:1" }] },
      { format: "zip" },
      { size: -1 },
      { images: [{ ...image, layers: [{ ...layer, source: "elsewhere" }] }] },
      { images: [{ ...image, configDigest: "x" }] },
      { app: { slug: "s" } },
      { warnings: [1] },
    ],
  );
  sample(
    "plan",
    PlanDocument,
    {
      ...{ version: 1, project: ".", platform: "linux/arm64", warnings: [] },
      images: [
        { name: "a", where: "f:1", made: "dockerfile", from: "scratch", context: ".", dockerfile: "D", steps: ["x"] },
      ],
      outputs: [{ service: "s", image: "a", tags: ["t"], dependsOn: [] }],
    },
    [
      { version: 2 },
      { images: [{ name: "a", where: "f:1", made: "magic", steps: [] }] },
      { outputs: [{ image: "a" }] },
    ],
  );
});
