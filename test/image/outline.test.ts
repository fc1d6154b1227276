import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { finishImage } from "../../lib/image/image.ts";
import { lockedImage, type Pins } from "../../lib/image/pin.ts";
import { createPull } from "../../lib/image/pull.ts";
import { ARM64 } from "../../lib/platform.ts";
import { formatReference } from "../../lib/reference.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { type Layout, openLayout } from "../../lib/vendor/layout.ts";
import { layoutSource } from "../../lib/vendor/source.ts";
import type { LockedImage } from "../../spec/lock.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { digestOf, type ImageContent, makeImage } from "../support/image-content.ts";
import { blobPath, layoutFiles, writeLayout } from "../support/image-layout.ts";
import { clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { tempStore } from "../support/store.ts";
import { tarOf } from "../support/ustar.ts";

const AMD64 = { os: "linux", architecture: "amd64" };
const OLD = makeImage({ platform: ARM64, layers: [tarOf([{ path: "old" }]), tarOf([{ path: "shared" }])] });
const NEW = makeImage({ platform: ARM64, layers: [tarOf([{ path: "new" }]), tarOf([{ path: "shared" }])] });
const ALIEN = makeImage({ platform: AMD64, layers: [tarOf([{ path: "old" }])] });

function pinOf({ root }: ImageContent): LockedImage {
  const manifest = { mediaType: root.mediaType, digest: digestOf(root.bytes), size: root.bytes.length };
  return lockedImage(manifest, JSON.parse(root.bytes.toString()));
}

/** A registry whose tag `app:1` has moved from OLD to NEW, and pulls that are pinned. */
async function setting(t: TestContext) {
  const registry = await registryWith(t);
  for (const image of [ALIEN, OLD, NEW]) registry.addImage("app", "1", image);
  const store = await tempStore(t);
  const reference = referenceIn(registry, "app:1");
  const client = clientWith(t);
  function pull(pin: LockedImage | undefined, options: { offline?: boolean; vendor?: Layout; store?: Store } = {}) {
    const { offline = false, vendor } = options;
    const pins: Pins = new Map(pin === undefined ? [] : [[formatReference(reference), pin]]);
    const sources: typeof client.sources = (one) => [
      ...(vendor === undefined ? [] : [layoutSource(vendor, one)]),
      ...(offline ? [] : client.sources(one)),
    ];
    const found = { ...client, sources };
    return createPull({ store, client: found, platform: ARM64, pins, onEvent() {}, ...options, offline })(reference);
  }
  const digests = () => registry.requests.map((request) => request.reference).filter((one) => one !== undefined);
  return { registry, store, reference, pull, digests };
}

describe("a reference that is locked", () => {
  test("is asked for by digest, never by its tag, and not at all the second time", async (t) => {
    const { registry, pull, digests } = await setting(t);
    const image = await finishImage(await pull(pinOf(OLD)));
    assert.deepEqual(
      image.layers.map(({ digest }) => digest),
      pinOf(OLD).layers.map(({ digest }) => digest),
    );
    assert.ok(!digests().includes("1"));
    registry.clearRequests();
    assert.deepEqual(await finishImage(await pull(pinOf(OLD))), image);
    assert.equal(registry.requests.length, 0);
    const moved = await finishImage(await pull(undefined));
    assert.equal(moved.layers[0]?.digest, pinOf(NEW).layers[0]?.digest, "without a lock the tag counts");
  });
  test("to something that its manifest does not say", async (t) => {
    const { pull, store } = await setting(t);
    const pin = pinOf(OLD);
    const [first, second] = pin.layers;
    const wrong: [LockedImage, RegExp][] = [
      [{ ...pin, config: pinOf(NEW).config }, /config: locked sha256/],
      [{ ...pin, layers: [first!] }, /layer 2: locked none/],
      [{ ...pin, layers: [second!, first!] }, /layer 1: locked sha256/],
      [{ ...pin, layers: [{ ...first!, size: 1 }, second!] }, /layer 1: locked sha256:.*, 1 bytes/],
      [{ ...pin, manifest: { ...pin.manifest, mediaType: "text/plain" } }, /manifest: locked .*text\/plain/],
    ];
    // Once from the registry, once from the store.
    for (const [one, message] of wrong) {
      await rejectsWith(pull(one), "integrity", /not what aircrate\.lock says/, message, /lock --update/);
      await rejectsWith(pull(one), "integrity", message);
    }
    assert.equal((await finishImage(await pull(pin))).layers.length, 2);
    rmSync(blobFile(store, pin.config.digest));
    await rejectsWith(pull({ ...pin, layers: [] }), "integrity", /layer 1: locked none/);
  });
  test("to an image of another platform", async (t) => {
    const { pull, store } = await setting(t);
    await rejectsWith(pull(pinOf(ALIEN)), "input", /not for linux\/arm64/, /it is for linux\/amd64/);
    for (const { bytes } of ALIEN.manifests) writeFileSync(blobFile(store, digestOf(bytes)), bytes);
    for (const [digest, bytes] of ALIEN.blobs) writeFileSync(blobFile(store, digest), bytes as Uint8Array);
    await rejectsWith(pull(pinOf(ALIEN)), "input", /not for linux\/arm64/);
  });
  test("to a manifest that is gone or damaged", async (t) => {
    const { registry, pull, store } = await setting(t);
    await finishImage(await pull(pinOf(OLD)));
    const { digest, size } = pinOf(OLD).manifest;
    writeFileSync(blobFile(store, digest), Buffer.alloc(size));
    assert.equal((await finishImage(await pull(pinOf(OLD)))).layers.length, 2, "it is fetched again");
    const nowhere = { ...pinOf(OLD), manifest: { ...pinOf(OLD).manifest, digest: digestOf(Buffer.from("nowhere")) } };
    await rejectsWith(pull(nowhere), "unreachable", /no such image/);
    registry.setFault(({ kind }) => (kind === "manifest" ? { corruptAt: 3 } : undefined));
    await rejectsWith(pull(pinOf(NEW)), "integrity", /wanted sha256/);
  });
});

describe("offline", () => {
  test("all that is missing of what is locked is listed with its size", async (t) => {
    const { registry, pull, store } = await setting(t);
    const pin = pinOf(OLD);
    const parts = [["manifest", pin.manifest] as const, ["config", pin.config] as const].concat(
      pin.layers.map((layer) => ["layer", layer] as never),
    );
    const lines = parts.map(([what, { digest, size }]) => `the store lacks ${what} ${digest} (${size} bytes)`);
    const error = await rejectsWith(pull(pin, { offline: true }), "refused", /build once without --offline/);
    assert.deepEqual(error.reason, lines);
    registry.clearRequests();
    await finishImage(await pull(pin));
    rmSync(blobFile(store, pin.layers[1]!.digest));
    const other = await rejectsWith(pull(pin, { offline: true }), "refused", /aircrate vendor/);
    assert.deepEqual(other.reason, lines.slice(3));
  });
  test("an image layout in the place of the registry", async (t) => {
    const { registry, pull, reference } = await setting(t);
    const name = formatReference(reference);
    const write = async (files: ReadonlyMap<string, Buffer>) => {
      const vendor = await openLayout(writeLayout(join(tempDir(t), "bases.tar"), files));
      onCleanup(t, () => vendor.close());
      return { vendor, offline: true, store: await tempStore(t) };
    };
    const files = layoutFiles([{ image: OLD, name }, { image: NEW }]);
    registry.clearRequests();
    // By name, by the lock without any name, and, with both images under one name, by platform.
    const both = layoutFiles([
      { image: ALIEN, name, platform: AMD64 },
      { image: OLD, name, platform: ARM64 },
    ]);
    for (const [pin, found, expected] of [
      [undefined, files, OLD],
      [pinOf(NEW), files, NEW],
      [undefined, both, OLD],
    ] as const) {
      const { layers } = await finishImage(await pull(pin, await write(found)));
      assert.deepEqual(
        layers.map(({ digest }) => digest),
        pinOf(expected).layers.map(({ digest }) => digest),
      );
    }
    const layer = pinOf(OLD).layers[0]!;
    const without = new Map(files);
    without.delete(blobPath(layer.digest));
    const lacking = await rejectsWith(pull(undefined, await write(without)), "refused", /bases\.tar lack layer/);
    assert.equal(lacking.reason.length, 1);
    await rejectsWith(pull(undefined, await write(layoutFiles([{ image: NEW }]))), "refused", /lack its manifest/);
    const wrong = new Map(files).set(blobPath(layer.digest), Buffer.alloc(layer.size));
    await rejectsWith(pull(undefined, await write(wrong)).then(finishImage), "integrity", /damaged|digest/);
    const manifest = new Map(files).set(blobPath(pinOf(OLD).manifest.digest), NEW.root.bytes);
    await rejectsWith(pull(undefined, await write(manifest)), "integrity", /wanted sha256/);
    assert.equal(registry.requests.length, 0);
  });
});

test("what an image layout lacks or has wrong comes from the registry", async (t) => {
  const { registry, pull, reference } = await setting(t);
  const files = layoutFiles([{ image: NEW, name: formatReference(reference) }]);
  const [lost, spoiled] = pinOf(NEW).layers;
  files.delete(blobPath(lost!.digest));
  files.set(blobPath(spoiled!.digest), Buffer.alloc(spoiled!.size, 1));
  const vendor = await openLayout(writeLayout(join(tempDir(t), "bases.tar"), files));
  onCleanup(t, () => vendor.close());
  registry.clearRequests();
  assert.equal((await finishImage(await pull(undefined, { vendor }))).layers.length, 2);
  assert.deepEqual(
    registry.requests.flatMap(({ kind, reference: name }) => (kind === "ping" ? [] : [`${kind} ${name}`])).sort(),
    [lost, spoiled].map((layer) => `blob ${layer!.digest}`).sort(),
  );
});
