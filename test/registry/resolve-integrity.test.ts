import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { digestOf } from "../../lib/digest.ts";
import type { FaultHook } from "../support/embedded-registry.ts";
import { rejectsWith } from "../support/faults.ts";
import { TYPES } from "../support/image-content.ts";
import { registryWith } from "../support/registries.ts";
import { image, indexOf, registryOf, resolve } from "./platform-images.ts";

describe("bytes that are not what names them", () => {
  const spoil =
    (kind: string, at = 5): FaultHook =>
    (request) =>
      request.kind === kind ? { corruptAt: at } : undefined;
  test("a manifest by digest", async (t) => {
    const content = image();
    const registry = await registryOf(t, content);
    registry.setFault(spoil("manifest"));
    const digest = digestOf(content.root.bytes);
    const error = await rejectsWith(
      resolve(t, registry, `app@${digest}`),
      "integrity",
      /manifest does not have the digest that names it/,
      new RegExp(`wanted ${digest}`),
      /proxy or mirror/,
    );
    assert.equal(error.where, `${registry.host}/app@${digest}`);
  });
  test("a manifest by tag, whose header tells another digest", async (t) => {
    const registry = await registryOf(t, image());
    registry.setFault(spoil("manifest"));
    await rejectsWith(resolve(t, registry), "integrity", /manifest does not have the digest/);
    const lie = { "docker-content-digest": digestOf("lie") };
    registry.setFault(({ kind }) => (kind === "manifest" ? { headers: lie } : undefined));
    await rejectsWith(resolve(t, registry), "integrity", new RegExp(`wanted ${digestOf("lie")}`));
  });
  test("the header is never trusted instead of the bytes", async (t) => {
    const content = image();
    const registry = await registryOf(t, content);
    const digest = digestOf(content.root.bytes);
    registry.setFault(({ kind }) => {
      return kind === "manifest" ? { corruptAt: 5, headers: { "docker-content-digest": digest } } : undefined;
    });
    await rejectsWith(resolve(t, registry, `app@${digest}`), "integrity", /does not have the digest/);
    registry.setFault(({ kind }) => (kind === "manifest" ? { headers: { "docker-content-digest": null } } : undefined));
    assert.equal((await resolve(t, registry)).manifest.descriptor.digest, digest);
  });
  test("a manifest that an index names", async (t) => {
    const registry = await registryOf(t, indexOf(["linux/arm64"]));
    registry.setFault(({ kind, reference }) =>
      kind === "manifest" && reference !== "1" ? { corruptAt: 3 } : undefined,
    );
    await rejectsWith(resolve(t, registry), "integrity", /manifest does not have the digest/);
  });
  test("an index that announces another size", async (t) => {
    const content = indexOf(["linux/arm64"]);
    const document = JSON.parse(String(content.root.bytes));
    document.manifests[0].size += 1;
    const registry = await registryOf(t, content);
    registry.putManifest("app", { mediaType: TYPES.oci.index, bytes: Buffer.from(JSON.stringify(document)) }, "1");
    await rejectsWith(resolve(t, registry), "integrity", /manifest does not have the announced size/);
  });
  test("a config: wrong bytes, too short, too long", async (t) => {
    const registry = await registryOf(t, image());
    registry.setFault(spoil("blob"));
    await rejectsWith(resolve(t, registry), "integrity", /config does not have the digest/);
    for (const body of ["{}", "x".repeat(5000)]) {
      registry.setFault(({ kind }) => (kind === "blob" ? { answer: { status: 200, body } } : undefined));
      await rejectsWith(resolve(t, registry), "integrity", /config does not have the announced size/);
    }
    registry.setFault(({ kind }) => (kind === "blob" ? { cutAfter: 10 } : undefined));
    await rejectsWith(resolve(t, registry), "unreachable");
  });
  test("a config that is malformed, or disagrees with its manifest", async (t) => {
    const registry = await registryWith(t);
    const put = (config: unknown, layers = 0) => {
      const bytes = Buffer.from(JSON.stringify(config));
      const digest = registry.putBlob("app", bytes);
      const layer = { mediaType: TYPES.oci.layer, digest: digestOf("l"), size: 1 };
      const manifest = {
        schemaVersion: 2,
        config: { mediaType: TYPES.oci.config, digest, size: bytes.length },
        layers: Array(layers).fill(layer),
      };
      registry.putManifest("app", { mediaType: TYPES.oci.manifest, bytes: Buffer.from(JSON.stringify(manifest)) }, "1");
    };
    const good = { architecture: "arm64", os: "linux", rootfs: { type: "layers", diff_ids: [] as string[] } };
    put(good);
    assert.equal((await resolve(t, registry)).layers.length, 0);
    put(good, 1);
    await rejectsWith(resolve(t, registry), "integrity", /disagree/, /names 0 diffIDs, the manifest 1 layers/);
    for (const [config, pointer] of [
      [{ ...good, architecture: undefined }, /image config is malformed[\s\S]*\/architecture/],
      [{ ...good, rootfs: { type: "layers", diff_ids: ["x"] } }, /\/rootfs\/diff_ids\/0/],
      [{ ...good, rootfs: undefined }, /\/rootfs/],
      [{ ...good, config: { Env: "A=b" } }, /\/config/],
      ["no object", /document/],
    ] as const) {
      put(config);
      await rejectsWith(resolve(t, registry), "integrity", pointer);
    }
  });
});
