import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { digestOf, hex } from "../../lib/digest.ts";
import type { BuildEvent } from "../../lib/events.ts";
import { finishImage, type Image } from "../../lib/image/image.ts";
import { createPull, type Pull } from "../../lib/image/pull.ts";
import { ARM64, type Platform } from "../../lib/platform.ts";
import { blobFile, recordFile, type Store, writeBlob } from "../../lib/store/layout.ts";
import type { EmbeddedRegistry, Fault } from "../support/embedded-registry.ts";
import { rejectsWith } from "../support/faults.ts";
import { generatedBase, generatedBusybox, seedDemo } from "../support/generated-base.ts";
import { makeImage, TYPES } from "../support/image-content.ts";
import { noise } from "../support/noise.ts";
import { poolFor } from "../support/pool.ts";
import { type ClientOptions, clientWith, referenceIn, registryWith } from "../support/registries.ts";
import { storeFiles, tempStore } from "../support/store.ts";
import { tarOf } from "../support/ustar.ts";

interface Setting extends ClientOptions {
  readonly offline?: boolean;
  readonly platform?: Platform;
  readonly events?: BuildEvent[];
}

/** A run of its own: nothing is remembered from one to the next but the store. */
function pullWith(
  t: TestContext,
  store: Store,
  { offline = false, platform = ARM64, events, ...rest }: Setting = {},
): Pull {
  const client = clientWith(t, rest);
  const pool = poolFor(t);
  return createPull({
    ...{ store, pool, client, platform, offline },
    onEvent: (event) => void events?.push(event),
    pauses: [1, 1, 1],
  });
}

function requested(registry: EmbeddedRegistry): string[] {
  return registry.requests.map(({ kind }) => kind).filter((kind) => kind !== "ping");
}

async function demo(t: TestContext): Promise<EmbeddedRegistry> {
  const registry = await registryWith(t);
  seedDemo(registry);
  return registry;
}

test("an image comes with the names in it, its config as it was, and layers that unpack to their diffIDs", async (t) => {
  const registry = await demo(t);
  const store = await tempStore(t);
  const events: BuildEvent[] = [];
  const image = await pullWith(t, store, { events })(referenceIn(registry, "arm64v8/python:3.11-slim"));
  const { configBytes, layers } = await finishImage(image);
  const config = JSON.parse(String(configBytes));
  assert.deepEqual([config.architecture, config.variant, layers.length], ["arm64", "v8", 2]);
  assert.deepEqual(readFileSync(blobFile(store, digestOf(configBytes))), Buffer.from(configBytes));
  for (const [i, { digest, size, diffId, plainSize }] of layers.entries()) {
    const packed = readFileSync(blobFile(store, digest));
    assert.deepEqual([digestOf(packed), packed.length], [digest, size]);
    const plain = gunzipSync(packed);
    assert.deepEqual([digestOf(plain), plain.length], [diffId, plainSize]);
    assert.equal(config.rootfs.diff_ids[i], diffId);
  }
  const root = await image.root();
  const bin = root.find("bin");
  assert.equal(bin?.kind === "symlink" && bin.target, "usr/bin");
  assert.equal(root.resolve("/bin/env"), "usr/bin/env");
  assert.equal(root.find("usr/share/doc/base/README"), undefined, "the second layer hides it");
  assert.equal(root.find("usr/share/doc/base/copyright")?.kind, "file");
  assert.match(root.account("passwd") ?? "", /^www-data:/m);

  const reference = `${registry.host}/arm64v8/python:3.11-slim`;
  const [asked, answered, resolve, ...rest] = events;
  const step = { work: "resolve", name: reference };
  assert.deepEqual(
    [asked, answered],
    [
      { kind: "step-start", step },
      { kind: "step-end", step },
    ],
  );
  assert.equal(resolve?.kind === "resolve" && `${resolve.reference} ${resolve.from}`, `${reference} registry`);
  for (const { digest, size } of layers) {
    const own = rest.filter((event) => "layer" in event && event.layer === digest);
    assert.deepEqual(own[0], { kind: "pull-wait", layer: digest, size });
    assert.equal(own[1]?.kind, "pull-start");
    assert.equal(own.at(-1)?.kind, "pull-end");
    const bytes = own.reduce((sum, event) => sum + (event.kind === "pull-bytes" ? event.size : 0), 0);
    assert.equal(bytes, size);
  }
});

test("what is in the store is not fetched again, what moves is asked for", async (t) => {
  const registry = await demo(t);
  const store = await tempStore(t);
  const reference = referenceIn(registry, "arm64v8/python:3.11-slim");
  const first = await finishImage(await pullWith(t, store)(reference));
  assert.deepEqual(requested(registry), ["manifest", "manifest", "blob", "blob", "blob"]);
  registry.clearRequests();
  const second = await finishImage(await pullWith(t, store)(reference));
  assert.deepEqual(requested(registry), ["manifest"]);
  assert.deepEqual(second, first);
});

test("a layer that is in the store is not read whole for being called a config or a manifest", async (t) => {
  const registry = await registryWith(t);
  const store = await tempStore(t);
  const image = makeImage({ platform: ARM64, layers: [tarOf([{ path: "n", data: noise(1, 5_000_000) }])] });
  registry.addImage("app", "1", image);
  await finishImage(await pullWith(t, store)(referenceIn(registry, "app:1")));
  const manifest = JSON.parse(String(image.root.bytes));
  const [layer] = manifest.layers;
  const put = (tag: string, document: object) => {
    const bytes = Buffer.from(JSON.stringify(document));
    registry.putManifest("app", { mediaType: (document as typeof manifest).mediaType, bytes }, tag);
  };
  put("config", { ...manifest, config: { ...manifest.config, digest: layer.digest, size: layer.size } });
  const error = await rejectsWith(pullWith(t, store)(referenceIn(registry, "app:config")), "integrity");
  assert.match(error.message, /its config is announced with \d+ bytes/);
  const entry = { mediaType: TYPES.oci.manifest, digest: layer.digest, size: layer.size, platform: ARM64 };
  put("index", { schemaVersion: 2, mediaType: TYPES.oci.index, manifests: [entry] });
  // The store is not asked for it, and the registry has no such manifest.
  await rejectsWith(pullWith(t, store)(referenceIn(registry, "app:index")), "unreachable", /no such image/);
});

test("a reference with a digest needs no registry the second time", async (t) => {
  const registry = await demo(t);
  const store = await tempStore(t);
  const reference = referenceIn(
    registry,
    `arm64v8/python:3.11-slim@${digestOf(generatedBase({ attestation: true }).root.bytes)}`,
  );
  const first = await finishImage(await pullWith(t, store)(reference));
  registry.clearRequests();
  const events: BuildEvent[] = [];
  const second = await finishImage(await pullWith(t, store, { events })(reference));
  assert.deepEqual(second, first);
  assert.equal(registry.requests.length, 0);
  assert.equal(events.length, 1);
  await pullWith(t, store, { platform: { os: "linux", architecture: "amd64" } })(reference);
  assert.equal(requested(registry)[0], "manifest", "for another platform it does");
});

test("images asked for at once share what they have in common", async (t) => {
  const registry = await registryWith(t);
  const shared = tarOf([{ path: "shared", data: "x".repeat(100_000) }]);
  const names = ["one", "two", "three"];
  for (const name of names) {
    const layers = [shared, tarOf([{ path: name }])];
    registry.addImage(name, "1", makeImage({ platform: ARM64, layers }));
  }
  const store = await tempStore(t);
  const pull = pullWith(t, store);
  const references = [...names, ...names].map((name) => referenceIn(registry, `${name}:1`));
  const images = await Promise.all(references.map(pull));
  const finished = await Promise.all(images.map(finishImage));
  assert.equal(new Set(finished.map(({ layers }) => layers[0]!.digest)).size, 1);
  assert.equal(new Set(finished.map(({ layers }) => layers[1]!.digest)).size, 3);
  assert.deepEqual(requested(registry).sort(), [...Array(7).fill("blob"), ...Array(3).fill("manifest")]);
});

test("two runs at once on one store", async (t) => {
  const registry = await demo(t);
  const store = await tempStore(t);
  const reference = referenceIn(registry, "arm64v8/python:3.11-slim");
  const runs = [1, 2, 3].map(async () => finishImage(await pullWith(t, store)(reference)));
  const [first, ...others] = await Promise.all(runs);
  for (const other of others) assert.deepEqual(other, first);
  assert.ok(storeFiles(store).every((file) => !file.startsWith("aircrate/tmp/")));
});

describe("offline", () => {
  const NAME = "arm64v8/python:3.11-slim";
  test("what is there is enough, and no request is made", async (t) => {
    const registry = await demo(t);
    const store = await tempStore(t);
    const first = await finishImage(await pullWith(t, store)(referenceIn(registry, NAME)));
    registry.clearRequests();
    const image = await pullWith(t, store, { offline: true })(referenceIn(registry, NAME));
    assert.deepEqual(await finishImage(image), first);
    assert.equal((await image.root()).find("usr/local/bin/python3")?.kind, "file");
    assert.equal(registry.requests.length, 0);
  });
  test("what is missing is listed in full", async (t) => {
    const registry = await demo(t);
    const store = await tempStore(t);
    const offline = () => pullWith(t, store, { offline: true })(referenceIn(registry, NAME));
    await rejectsWith(offline(), "refused", /the store lacks its manifest/, /build once without --offline/);
    const { layers, configBytes } = await finishImage(await pullWith(t, store)(referenceIn(registry, NAME)));
    registry.clearRequests();
    for (const { digest } of layers) rmSync(blobFile(store, digest));
    const error = await rejectsWith(offline(), "refused");
    assert.deepEqual(
      error.reason,
      layers.map(({ digest, size }) => `the store lacks layer ${digest} (${size} bytes)`),
    );
    assert.equal(error.where, `${registry.host}/${NAME}`);
    writeFileSync(blobFile(store, digestOf(configBytes)), "damaged");
    await rejectsWith(offline(), "refused", /the store lacks its manifest/);
    assert.equal(registry.requests.length, 0);
  });
});

describe("a store that was damaged or left half done", () => {
  const NAME = "arm64v8/busybox:1.36";
  async function pulled(t: TestContext) {
    const registry = await demo(t);
    const store = await tempStore(t);
    const again = async (setting?: Setting): Promise<Image> => pullWith(t, store, setting)(referenceIn(registry, NAME));
    const { layers } = await finishImage(await again());
    registry.clearRequests();
    return { registry, store, again, layer: layers[0]! };
  }
  const blobs = (registry: EmbeddedRegistry, digest: string) =>
    registry.requests.filter(({ kind, reference }) => kind === "blob" && reference === digest).length;

  test("a blob without its record is looked through, not fetched", async (t) => {
    const { registry, store, again, layer } = await pulled(t);
    rmSync(recordFile(store, "layers"), { recursive: true });
    rmSync(recordFile(store, "trees"), { recursive: true });
    const image = await again();
    assert.deepEqual((await finishImage(image)).layers, [layer]);
    assert.equal((await image.root()).find("bin/busybox")?.kind, "file");
    assert.equal(blobs(registry, layer.digest), 0);
  });
  test("another tool's blob is", async (t) => {
    const registry = await demo(t);
    const store = await tempStore(t);
    for (const blob of generatedBusybox().blobs.values()) await writeBlob(store, blob as Uint8Array);
    const { layers } = await finishImage(await pullWith(t, store)(referenceIn(registry, NAME)));
    assert.equal(blobs(registry, layers[0]!.digest), 0);
  });
  test("wrong bytes of the right length, without a record, are fetched again", async (t) => {
    const { registry, store, again, layer } = await pulled(t);
    const bytes = readFileSync(blobFile(store, layer.digest));
    writeFileSync(blobFile(store, layer.digest), Buffer.alloc(layer.size, 1));
    rmSync(recordFile(store, "layers"), { recursive: true });
    assert.deepEqual((await finishImage(await again())).layers, [layer]);
    assert.equal(blobs(registry, layer.digest), 1);
    assert.equal(Buffer.compare(readFileSync(blobFile(store, layer.digest)), bytes), 0);
  });
  test("a blob of the wrong length is fetched again", async (t) => {
    const { registry, store, again, layer } = await pulled(t);
    writeFileSync(blobFile(store, layer.digest), "short");
    assert.deepEqual((await finishImage(await again())).layers, [layer]);
    assert.equal(blobs(registry, layer.digest), 1);
  });
  test("a list of names that is damaged is made again from the blob", async (t) => {
    const { registry, store, again, layer } = await pulled(t);
    const file = join(recordFile(store, "trees"), `${hex(layer.diffId)}.json`);
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.slice(0, 20));
    const image = await again();
    assert.equal((await image.root()).find("bin/busybox")?.kind, "file");
    assert.equal(readFileSync(file, "utf8"), whole);
    assert.equal(blobs(registry, layer.digest), 0);
    rmSync(file);
    assert.equal((await (await again({ offline: true })).root()).find("bin/busybox")?.kind, "file");
  });
});

describe("what goes wrong on the way leaves nothing half in the store", () => {
  const image = makeImage({ platform: ARM64, layers: [tarOf([{ path: "a", data: "x".repeat(200_000) }])] });
  const [layer] = [...image.blobs.keys()].slice(1);
  type Kept = "nothing kept" | "a part at most";
  async function broken(
    t: TestContext,
    spoil: Fault,
    kept: Kept,
    fault: "integrity" | "unreachable",
    ...patterns: RegExp[]
  ) {
    const registry = await registryWith(t);
    registry.addImage("app", "1", image);
    registry.setFault(({ kind, reference }) => (kind === "blob" && reference === layer ? spoil : undefined));
    const store = await tempStore(t);
    const pulled = await pullWith(t, store)(referenceIn(registry, "app:1"));
    const error = await rejectsWith(finishImage(pulled), fault, ...patterns);
    assert.equal(error.where, `${registry.host}/app:1`);
    await assert.rejects(pulled.root(), error);
    const left = storeFiles(store).filter((file) => /tmp|layers|trees/.test(file) || file.includes(hex(layer!)));
    const allowed = kept === "a part at most" ? [`aircrate/partial/${hex(layer!)}`] : [];
    for (const file of left) assert.ok(allowed.includes(file.replace(/\.[0-9a-f]{12}$/, "")), file);
    registry.setFault(undefined);
    const { layers } = await finishImage(await pullWith(t, store)(referenceIn(registry, "app:1")));
    assert.equal(layers[0]?.digest, layer);
  }
  const cut = { cutAfter: 100, ignoreRange: true };
  test("cut", (t) => broken(t, cut, "a part at most", "unreachable", /connection was cut/));
  test("reset", (t) => broken(t, { ...cut, reset: true }, "a part at most", "unreachable", /connection was cut/));
  test("wrong bytes", (t) => broken(t, { corruptAt: 50 }, "nothing kept", "integrity", /digest that names it/));
  test("too short", (t) => broken(t, { ...cut, contentLength: null }, "a part at most", "unreachable"));
  test("another body", (t) => {
    return broken(t, { answer: { status: 200, body: "{}" } }, "nothing kept", "integrity", /announced size/);
  });
  test("a longer body", (t) => {
    const body = Buffer.concat([image.blobs.get(layer!) as Buffer, Buffer.alloc(1)]);
    return broken(t, { answer: { status: 200, body } }, "nothing kept", "integrity", /announced size/);
  });
  test("not found", (t) => broken(t, { answer: { status: 404 } }, "nothing kept", "unreachable", /no such image/));

  test("two images that promise different contents of one blob", async (t) => {
    const registry = await registryWith(t);
    const bytes = image.blobs.get(layer!) as Buffer;
    const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
    const lie = makeImage({ platform: ARM64, layers: [{ mediaType, bytes, diffId: digestOf("lie") }] });
    registry.addImage("app", "1", image);
    registry.addImage("lie", "1", lie);
    const store = await tempStore(t);
    const pull = pullWith(t, store);
    const good = await finishImage(await pull(referenceIn(registry, "app:1")));
    assert.equal(good.layers.length, 1);
    const bad = finishImage(await pull(referenceIn(registry, "lie:1")));
    await rejectsWith(bad, "integrity", /does not unpack to the diffID/, /lie:1/);
    const alone = finishImage(await pullWith(t, await tempStore(t))(referenceIn(registry, "lie:1")));
    await rejectsWith(alone, "integrity", /does not unpack to the diffID/);
  });
});

test("a token that runs out between two layers", async (t) => {
  let clock = 0;
  const registry = await registryWith(t, { auth: { mode: "token", anonymous: true, ttlSeconds: 5 }, now: () => clock });
  const layers = Array.from({ length: 6 }, (_, i) => tarOf([{ path: String(i), data: "x".repeat(10_000) }]));
  registry.addImage("app", "1", makeImage({ platform: ARM64, layers }));
  registry.setFault(({ kind, attempt }) => {
    if (kind === "blob" && attempt === 1) clock += 1_000;
    return undefined;
  });
  const store = await tempStore(t);
  const image = await finishImage(await pullWith(t, store)(referenceIn(registry, "app:1")));
  assert.equal(image.layers.length, 6);
  assert.equal(registry.requests.filter(({ kind }) => kind === "token").length, 2);
});
