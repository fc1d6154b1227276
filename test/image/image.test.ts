import assert from "node:assert/strict";
import test from "node:test";
import { timestamp } from "../../lib/image/assemble.ts";
import { deriveConfig, emptyImage, finishImage, type Image } from "../../lib/image/image.ts";
import type { ImageConfig } from "../../spec/oci-config.ts";
import type { LayerRecord } from "../../spec/store.ts";

const BASE = JSON.parse(`{
  "architecture": "arm64", "variant": "v8", "os": "linux", "created": "2024-01-01T00:00:00Z", "author": "somebody",
  "container": "0123", "container_config": {"Cmd": ["x"]}, "docker_version": "20.10", "id": "i", "parent": "p",
  "moby.buildkit.buildinfo.v1": "e30=", "os.version": "1", "x-unknown": {"kept": [1, null]},
  "config": {"Env": ["A=b"], "Cmd": ["sh"]},
  "rootfs": {"type": "layers", "diff_ids": ["sha256:${"1".repeat(64)}"]},
  "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "base", "unknown": true}]
}`) as ImageConfig;

const ADDED = { created: "1970-01-01T00:00:00Z", config: { Cmd: ["python3"] }, history: [] };

function layer(digit: string): LayerRecord {
  const diffId = `sha256:${digit.repeat(64)}`;
  return { version: 1, diffId, plainSize: 1, digest: diffId, size: 1, crc: 1 };
}

test("what is known of the base's own making goes, all else stays in its order", () => {
  const config = deriveConfig(BASE, { ...ADDED, author: "me", history: [{ created_by: "COPY" }] });
  assert.deepEqual(JSON.parse(JSON.stringify(config)), {
    ...{ architecture: "arm64", variant: "v8", os: "linux", created: "1970-01-01T00:00:00Z", author: "me" },
    ...{ "os.version": "1", "x-unknown": { kept: [1, null] }, config: { Cmd: ["python3"] } },
    rootfs: BASE.rootfs,
    history: [
      { created: "2024-01-01T00:00:00Z", created_by: "base", unknown: true },
      { created: "1970-01-01T00:00:00Z", created_by: "COPY" },
    ],
  });
  const keys = ["architecture", "variant", "os", "created", "author", "os.version", "x-unknown", "config", "rootfs"];
  assert.deepEqual(Object.keys(config), [...keys, "history"]);
  assert.equal(deriveConfig(BASE, ADDED).author, "somebody");
});

test("a base without history, or with null for it", () => {
  const { history: _, ...bare } = BASE;
  for (const base of [bare, { ...bare, history: null }] as ImageConfig[]) {
    assert.deepEqual(deriveConfig(base, { ...ADDED, history: [{ created_by: "x" }] }).history, [
      { created: ADDED.created, created_by: "x" },
    ]);
  }
});

test("a key that JavaScript's objects know is a key like others", () => {
  const base = JSON.parse('{"architecture":"a","os":"o","rootfs":{"type":"layers","diff_ids":[]},"__proto__":{"x":1}}');
  const text = JSON.stringify(deriveConfig(base, ADDED));
  assert.ok(text.includes('"__proto__":{"x":1}'), text);
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test("a pulled image keeps its bytes, a built one gets the diffIDs of its layers", async () => {
  const bytes = Buffer.from('{ "as": "it came" }');
  const layers = [layer("1"), layer("2")].map((record) => ({ origin: "o", record: Promise.resolve(record) }));
  const image: Image = { ...emptyImage({ os: "linux", architecture: "arm64" }), config: BASE, layers };
  const pulled = await finishImage({ ...image, configBytes: bytes });
  assert.equal(pulled.configBytes, bytes);
  const built = await finishImage(image);
  assert.deepEqual(built.layers, [layer("1"), layer("2")]);
  assert.deepEqual(JSON.parse(String(built.configBytes)), {
    ...BASE,
    rootfs: { type: "layers", diff_ids: [layer("1").diffId, layer("2").diffId] },
  });
  assert.ok(!String(built.configBytes).includes("\n"));
});

test("a layer that fails fails the image", async () => {
  const fault = new Error("no");
  const image: Image = {
    ...emptyImage({ os: "linux", architecture: "arm64" }),
    layers: [{ origin: "o", record: Promise.reject(fault) }],
  };
  await assert.rejects(finishImage(image), fault);
});

test("nothing at all", async () => {
  const { configBytes, layers } = await finishImage(emptyImage({ os: "linux", architecture: "arm64", variant: "v8" }));
  assert.deepEqual(layers, []);
  assert.equal(
    String(configBytes),
    '{"architecture":"arm64","os":"linux","variant":"v8","rootfs":{"type":"layers","diff_ids":[]}}',
  );
});

test("times", () => {
  assert.equal(timestamp(0), "1970-01-01T00:00:00Z");
  assert.equal(timestamp(1_700_000_000), "2023-11-14T22:13:20Z");
  assert.equal(timestamp(0o77777777777), "2242-03-16T12:56:31Z");
});
