import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import type { Fault } from "../../lib/error.ts";
import { parsePlatform } from "../../lib/platform.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { MAX_DOCUMENT } from "../../spec/oci.ts";
import type { FaultHook } from "../support/embedded-registry.ts";
import { rejectsWith } from "../support/faults.ts";
import { generatedBase } from "../support/generated-base.ts";
import { type ImagePlatform, makeIndex, TYPES } from "../support/image-content.ts";
import { registryWith } from "../support/registries.ts";
import { image, indexOf, registryOf, registryWithManifest, resolve } from "./platform-images.ts";

describe("the image for a platform", () => {
  const all = ["linux/amd64", "linux/arm/v7", "linux/arm/v8", "linux/arm64/v8", "linux/arm64", "linux/s390x"];
  const table: readonly (readonly [have: readonly string[], want: string, found: string])[] = [
    [["linux/amd64", "linux/arm64/v8"], "linux/arm64", "linux/arm64/v8"],
    [["linux/arm64", "linux/amd64"], "linux/arm64", "linux/arm64/undefined"],
    [["linux/arm64/v8"], "linux/arm64/v8", "linux/arm64/v8"],
    // Exactly equal comes before equal in effect, wherever it stands.
    [all, "linux/arm64", "linux/arm64/undefined"],
    [all.toReversed(), "linux/arm64", "linux/arm64/undefined"],
    [all, "linux/arm64/v8", "linux/arm64/v8"],
    [all.toReversed(), "linux/arm64/v8", "linux/arm64/v8"],
    [["linux/arm64"], "linux/arm64/v8", "linux/arm64/undefined"],
    [all, "linux/amd64", "linux/amd64/undefined"],
  ];
  for (const [have, want, found] of table) {
    for (const form of ["oci", "docker"] as const) {
      test(`${want} of ${have.join(", ")}, ${form}`, async (t) => {
        const registry = await registryOf(t, indexOf(have, form));
        const resolved = await resolve(t, registry, "app:1", parsePlatform(want));
        const { os, architecture, variant } = resolved.imageConfig;
        assert.equal(`${os}/${architecture}/${variant}`, found);
        assert.equal(resolved.index?.descriptor.mediaType, TYPES[form].index);
        assert.equal(resolved.manifest.descriptor.mediaType, TYPES[form].manifest);
        for (const { descriptor, bytes } of [resolved.index!, resolved.manifest, resolved.config]) {
          assert.deepEqual([descriptor.digest, descriptor.size], [digestOf(bytes), bytes.length]);
        }
        assert.equal(resolved.layers.length, 2);
      });
    }
  }

  test("attestations are passed over", async (t) => {
    const registry = await registryOf(t, generatedBase({ attestation: true }));
    const { platform } = await resolve(t, registry);
    assert.deepEqual(platform, { os: "linux", architecture: "arm64", variant: "v8" });
  });

  test("a single manifest needs no index", async (t) => {
    for (const form of ["oci", "docker"] as const) {
      const content = image({ variant: "v8" }, form);
      const registry = await registryOf(t, content);
      const resolved = await resolve(t, registry);
      assert.equal(resolved.index, undefined);
      assert.equal(resolved.manifest.descriptor.digest, digestOf(content.root.bytes));
      assert.deepEqual(
        registry.requests.map(({ kind }) => kind),
        ["ping", "manifest", "blob"],
      );
    }
  });

  test("by digest, of the index and of the manifest", async (t) => {
    const content = indexOf(["linux/amd64", "linux/arm64"]);
    const registry = await registryOf(t, content);
    const index = digestOf(content.root.bytes);
    const byIndex = await resolve(t, registry, `app@${index}`);
    const byManifest = await resolve(t, registry, `app:gone@${byIndex.manifest.descriptor.digest}`);
    assert.equal(byIndex.index?.descriptor.digest, index);
    assert.equal(byManifest.index, undefined);
    assert.deepEqual(byManifest.manifest, byIndex.manifest);
  });

  test("an index of one manifest that does not say for what", async (t) => {
    const registry = await registryOf(t, makeIndex([{ image: image() }]));
    assert.equal((await resolve(t, registry)).imageConfig.architecture, "arm64");
    const wrong = await registryOf(t, makeIndex([{ image: image({ architecture: "amd64" }) }]));
    await rejectsWith(resolve(t, wrong), "input", /not for linux\/arm64/, /it is for linux\/amd64/);
  });
});

const AMD64 = { os: "linux", architecture: "amd64" };

describe("no image for the platform", () => {
  test("what there is is listed, attestations are not", async (t) => {
    const platforms = ["linux/amd64", "linux/arm/v7", "linux/arm/v5", "linux/386", "linux/amd64"];
    const entries = platforms.map((name) => {
      const platform = parsePlatform(name) as ImagePlatform;
      return { image: image(platform), platform };
    });
    const unknown = { os: "unknown", architecture: "unknown" };
    const registry = await registryOf(t, makeIndex([...entries, { image: image(unknown), platform: unknown }]));
    const error = await rejectsWith(resolve(t, registry), "input", /not for linux\/arm64/, /arm64v8\/NAME/);
    assert.deepEqual(error.reason, ["it is for linux/amd64, linux/arm/v7, linux/arm/v5, linux/386"]);
    assert.equal(error.where, `${registry.host}/app:1`);
    assert.equal(registry.requests.filter(({ kind }) => kind === "manifest").length, 1);
  });

  test("a 32-bit image is none, whatever its variant", async (t) => {
    for (const variant of ["v6", "v7", "v8"]) {
      const registry = await registryOf(t, indexOf([`linux/arm/${variant}`]));
      await rejectsWith(resolve(t, registry), "input", new RegExp(`it is for linux/arm/${variant}`));
      const single = await registryOf(t, image({ architecture: "arm", variant }));
      await rejectsWith(resolve(t, single), "input", new RegExp(`it is for linux/arm/${variant}`));
    }
  });

  test("a single manifest for another machine, and an empty index", async (t) => {
    await rejectsWith(resolve(t, await registryOf(t, image({ architecture: "amd64" }))), "input", /for linux\/amd64/);
    await rejectsWith(resolve(t, await registryOf(t, image({ os: "windows" }))), "input", /for windows\/arm64/);
    await rejectsWith(resolve(t, await registryOf(t, makeIndex([]))), "input", /no platform that is known/);
  });

  test("an index in an index is named, not looked into", async (t) => {
    const inner = indexOf(["linux/arm64"]);
    const registry = await registryOf(
      t,
      makeIndex([{ image: image({ architecture: "amd64" }), platform: AMD64 }, { image: inner }]),
    );
    const digest = digestOf(inner.root.bytes);
    await rejectsWith(
      resolve(t, registry),
      "input",
      /the index has no image for linux\/arm64/,
      new RegExp(digest),
      /@sha256/,
    );
    assert.equal((await resolve(t, registry, `app@${digest}`)).imageConfig.architecture, "arm64");
    const { imageConfig } = await resolve(t, registry, "app:1", AMD64);
    assert.equal(imageConfig.architecture, "amd64", "the images beside it are found");
  });

  test("an index that promises what the config does not hold", async (t) => {
    const content = makeIndex([
      { image: image({ architecture: "amd64" }), platform: { os: "linux", architecture: "arm64" } },
    ]);
    await rejectsWith(resolve(t, await registryOf(t, content)), "input", /it is for linux\/amd64/);
  });
});

describe("what is no image that can be used", () => {
  const config = { mediaType: TYPES.oci.config, digest: digestOf("x"), size: 1 };
  const manifest = { schemaVersion: 2, mediaType: TYPES.oci.manifest, config, layers: [] };
  const table: readonly (readonly [name: string, document: unknown, fault: Fault, ...patterns: RegExp[]])[] = [
    ["schema 1", { schemaVersion: 1, name: "a", fsLayers: [] }, "input", /schema 1/, /skopeo copy/],
    ["an artifact", { ...manifest, artifactType: "application/x.helm" }, "input", /not an image/, /x\.helm/],
    [
      "a chart",
      { ...manifest, config: { ...config, mediaType: "application/vnd.cncf.helm.config.v1+json" } },
      "input",
      /not an image/,
      /helm\.config/,
    ],
    [
      "an empty artifact",
      { ...manifest, config: { ...config, mediaType: "application/vnd.oci.empty.v1+json" } },
      "input",
      /not an image/,
    ],
    ["another document", { schemaVersion: 2, mediaType: "application/x.other" }, "input", /not an image/, /x\.other/],
    ["no JSON", Buffer.from("<html>"), "integrity", /not JSON/],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), "integrity", /not JSON/],
    ["null", null, "integrity", /malformed/],
    ["a number", 7, "integrity", /malformed/],
    ["an empty object", {}, "integrity", /malformed/],
    ["a config without size", { ...manifest, config: { ...config, size: undefined } }, "integrity", /\/config\/size/],
    ["a negative size", { ...manifest, config: { ...config, size: -1 } }, "integrity", /\/config\/size/],
    ["a huge size", { ...manifest, config: { ...config, size: 1e300 } }, "integrity", /\/config\/size/],
    [
      "a config of 4 MiB and a byte",
      { ...manifest, config: { ...config, size: MAX_DOCUMENT + 1 } },
      "integrity",
      /config is announced with 4194305/,
    ],
    [
      "a digest that climbs",
      { ...manifest, config: { ...config, digest: "sha256:../../x" } },
      "integrity",
      /\/config\/digest/,
    ],
    [
      "another algorithm",
      { ...manifest, config: { ...config, digest: `sha512:${"0".repeat(128)}` } },
      "integrity",
      /\/config\/digest/,
    ],
    ["too many layers", { ...manifest, layers: Array(1001).fill(config) }, "integrity", /\/layers/],
    ["layers that are none", { ...manifest, layers: [null] }, "integrity", /\/layers\/0/],
    ["layers in a map", { ...manifest, layers: { 0: config } }, "integrity", /\/layers/],
    [
      "a manifest over 4 MiB",
      { ...manifest, annotations: { x: "y".repeat(MAX_DOCUMENT) } },
      "integrity",
      /larger than 4194304/,
    ],
  ];
  for (const [name, document, fault, ...patterns] of table) {
    test(name, async (t) => {
      const registry = await registryWithManifest(t, document);
      const error = await rejectsWith(resolve(t, registry), fault, ...patterns);
      assert.equal(error.where, `${registry.host}/app:1`);
      assert.ok(registry.requests.every(({ kind }) => kind !== "blob"));
    });
  }

  test("schema 1 by its media type", async (t) => {
    for (const type of [MEDIA.dockerSchema1, MEDIA.dockerSchema1Signed]) {
      const registry = await registryWithManifest(t, { name: "a" }, type);
      await rejectsWith(resolve(t, registry), "input", /schema 1/);
    }
  });
});

test("the type of a document: its own word, then the header's, then its form", async (t) => {
  const content = indexOf(["linux/arm64"]);
  const strip = ({ bytes }: { bytes: Buffer }) => {
    const { mediaType: _, ...rest } = JSON.parse(String(bytes));
    return Buffer.from(JSON.stringify(rest));
  };
  const registry = await registryWith(t);
  registry.addImage("app", "full", content);
  registry.putManifest("app", { mediaType: TYPES.oci.index, bytes: strip(content.root) }, "bare");
  const header = (value: string | null): FaultHook => {
    return ({ kind, reference }) =>
      kind === "manifest" && !reference?.startsWith("sha256:") ? { headers: { "content-type": value } } : undefined;
  };
  for (const [tag, type, found] of [
    ["full", "text/plain", TYPES.oci.index],
    ["full", TYPES.docker.manifest, TYPES.oci.index],
    ["full", null, TYPES.oci.index],
    ["bare", `${TYPES.oci.index}; charset=utf-8`, TYPES.oci.index],
    ["bare", TYPES.docker.index, TYPES.docker.index],
    ["bare", "application/json", TYPES.oci.index],
    ["bare", null, TYPES.oci.index],
  ] as const) {
    registry.setFault(header(type));
    const { index } = await resolve(t, registry, `app:${tag}`);
    assert.equal(index?.descriptor.mediaType, found, `${tag} as ${type}`);
  }
});
