import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { digestOf } from "../../lib/digest.ts";
import type { BuildEvent } from "../../lib/events.ts";
import { finishImage } from "../../lib/image/image.ts";
import { createPull } from "../../lib/image/pull.ts";
import { findImages } from "../../lib/local/images.ts";
import { saveImages } from "../../lib/local/save.ts";
import { ARM64 } from "../../lib/platform.ts";
import { type PushOptions, pushImages } from "../../lib/push/push.ts";
import { parseReference } from "../../lib/reference.ts";
import { blobFile, type Store } from "../../lib/store/layout.ts";
import { recordReference } from "../../lib/store/records.ts";
import { decode } from "../../spec/decode.ts";
import { MEDIA } from "../../spec/media-types.ts";
import { PushReport } from "../../spec/push-report.ts";
import { localImages } from "../local/images.ts";
import { pushes } from "../registry/push.ts";
import { filledStore } from "../store/filled.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { makeImage } from "../support/image-content.ts";
import { poolFor } from "../support/pool.ts";
import { clientWith, registryWith } from "../support/registries.ts";
import { noise } from "../support/seeded.ts";
import { storeFiles, tempStore } from "../support/store.ts";
import { tarOf } from "../support/ustar.ts";

/** How an image was pushed, blob by blob. */
function hows({ images }: PushReport): string[] {
  return images.map(({ blobs }) => blobs.map(({ how }) => how).join(" "));
}

async function push(store: Store, source: string, references: string[], options: Partial<PushOptions> = {}) {
  const registry = { retry: { firstWait: 5 } };
  return decode(PushReport, await pushImages(source, { store: store.root, references, registry, ...options }));
}

const BASE = "FROM scratch\nCOPY one /\n";
const APP = "FROM base:1\nCOPY two /\n";

test("what a repository has is not sent again, and what another one has is mounted", async (t) => {
  const { store, build } = await localImages(t);
  const registry = await registryWith(t, { push: {} });
  const base = await build("base:1", BASE);
  const app = await build("app:1", APP);

  const first = await push(store, "base:1", [`${registry.host}/team/base:1`]);
  assert.deepEqual(hows(first), ["sent sent"]);
  const [{ pinned, name, platform, manifestOrigin }] = first.images as [PushReport["images"][0]];
  assert.deepEqual(
    { pinned, name, platform, manifestOrigin },
    {
      pinned: `${registry.host}/team/base@${base.manifestDigest}`,
      name: "docker.io/library/base:1",
      platform: "linux/arm64",
      manifestOrigin: "original",
    },
  );
  assert.equal(first.sent.count, 2);

  registry.clearRequests();
  const again = await push(store, "base:1", [`${registry.host}/team/base:1`]);
  assert.deepEqual([hows(again), again.images[0]?.known, again.sent.count], [["there there"], true, 0]);
  assert.deepEqual(pushes(registry), ["HEAD manifest 200"]);

  registry.clearRequests();
  const tagged = await push(store, "base:1", [`${registry.host}/team/base:2`]);
  assert.deepEqual([hows(tagged), tagged.images[0]?.known], [["there there"], false]);
  assert.deepEqual(pushes(registry).sort(), [
    "HEAD blob 200",
    "HEAD blob 200",
    "HEAD manifest 404",
    "PUT manifest 201",
  ]);

  // Two repositories that are new: the second one gets what the first one was sent.
  registry.clearRequests();
  const places = [`${registry.host}/team/app:1`, `${registry.host}/other/app:1`];
  const both = await push(store, "app:1", places);
  assert.deepEqual(hows(both), ["sent sent sent", "mounted mounted mounted"]);
  assert.deepEqual([...new Set(both.images[1]?.blobs.map(({ from }) => from))], ["team/app"]);
  assert.deepEqual(
    both.images.map(({ digest }) => digest),
    [app.manifestDigest, app.manifestDigest],
  );
  assert.equal(registry.requests.filter(({ kind, method }) => kind === "upload" && method === "PUT").length, 3);
});

test("layers of a base that was pulled from the registry are mounted, and its manifest stays as it is", async (t) => {
  const { store, one, ownOfOne } = await filledStore(t);
  const registry = await registryWith(t, { push: {} });
  const [record] = await findImages(store, one);
  const blobs = join(store.root, "blobs/sha256");
  for (const name of readdirSync(blobs)) registry.putBlob("one", readFileSync(join(blobs, name)));
  await recordReference(store, { ...record, reference: `${registry.host}/one:1` });
  const report = await push(store, one, [`${registry.host}/team/copy:1`]);
  assert.deepEqual(hows(report), ["mounted mounted mounted"]);
  assert.deepEqual(report.images[0]?.digest, record.manifest.digest);
  assert.equal(report.images[0]?.blobs.at(-1)?.digest, ownOfOne.digest);
});

test("a layer that did not come packed with gzip: as it came, or packed here when pruning took that", async (t) => {
  const store = await tempStore(t);
  const registry = await registryWith(t, { push: {} });
  const tar = tarOf([{ path: "a", data: noise(1, 50_000) }]);
  const plain = { mediaType: MEDIA.ociLayer, bytes: tar, diffId: digestOf(tar) };
  registry.addImage("base", "1", makeImage({ platform: ARM64, layers: [plain] }));
  const onEvent = () => undefined;
  const pull = createPull({ store, pool: poolFor(t), client: clientWith(t), platform: ARM64, offline: false, onEvent });
  const name = `${registry.host}/base:1`;
  await finishImage(await pull(parseReference(name)));

  const [{ manifest }] = await findImages(store, name);
  const [asIs] = (await push(store, name, [`${registry.host}/copy:1`])).images;
  assert.deepEqual([asIs?.digest, asIs?.manifestOrigin], [manifest.digest, "original"]);
  rmSync(blobFile(store, digestOf(tar)));
  const [made] = (await push(store, name, [`${registry.host}/made:1`])).images;
  assert.deepEqual([made?.manifestOrigin, made?.mediaType], ["made", MEDIA.ociManifest]);
  assert.deepEqual(
    made?.blobs.map(({ kind, how }) => [kind, how]),
    [
      ["config", "mounted"],
      ["layer", "sent"],
    ],
  );
});

test("events tell of every byte that is sent, also after a setback", async (t) => {
  const { dir, store, build } = await localImages(t);
  writeFileSync(join(dir, "large"), noise(1, 3_000_000));
  const { layers } = await build("app:1", "FROM scratch\nCOPY large /\n");
  const registry = await registryWith(t, { push: {} });
  let cuts = 0;
  registry.setFault(({ method, kind }) => {
    if (method !== "PUT" || kind !== "upload" || cuts > 1) return undefined;
    cuts += 1;
    return { takeOnly: 1_000_000 };
  });
  const events: BuildEvent[] = [];
  const report = await push(store, "app:1", [`${registry.host}/app:1`], { onEvent: (event) => events.push(event) });
  assert.deepEqual(hows(report), ["sent sent"]);
  const positions = new Map<string, number>();
  let ended = 0;
  for (const event of events) {
    if (event.kind === "push-start") positions.set(event.layer, event.from);
    if (event.kind === "push-bytes") positions.set(event.layer, positions.get(event.layer)! + event.size);
    if (event.kind === "push-end") {
      ended += 1;
      assert.equal(positions.get(event.layer), event.size);
    }
  }
  assert.equal(ended, 2);
  assert.ok(events.some((event) => event.kind === "retry" && event.host === registry.host));
  assert.equal(positions.get(layers[0]!.digest), layers[0]!.size);
});

test("the tag comes last: a push that fails leaves it as it was", async (t) => {
  const { store, build } = await localImages(t);
  await build("base:1", BASE);
  const registry = await registryWith(t, { push: {} });
  registry.setFault(({ kind, method }) =>
    kind === "upload" && method === "PUT" ? { answer: { status: 400 } } : undefined,
  );
  await rejectsWith(push(store, "base:1", [`${registry.host}/base:1`]), "unreachable", /does not take it/);
  assert.ok(registry.requests.every(({ kind, method }) => kind !== "manifest" || method === "HEAD"));
});

test("images that are not whole, or damaged", async (t) => {
  const { store, build } = await localImages(t);
  const { layers } = await build("base:1", BASE);
  const registry = await registryWith(t, { push: {} });
  const place = [`${registry.host}/base:1`];
  const file = blobFile(store, layers[0]!.digest);
  const bytes = readFileSync(file);

  writeFileSync(file, Buffer.alloc(bytes.length));
  await rejectsWith(push(store, "base:1", place), "integrity", /a blob in the store is damaged/, /set aside/);
  await rejectsWith(push(store, "base:1", place), "unreachable", /only a part of the image/, /is not there/);
  writeFileSync(file, bytes);
  registry.setFault(({ method }) => {
    if (method === "POST") truncateSync(file, 10);
    return undefined;
  });
  await rejectsWith(push(store, "base:1", place), "integrity", /a blob in the store is damaged/, /set aside/);
  registry.setFault(undefined);
  writeFileSync(file, bytes);
  rmSync(blobFile(store, (await findImages(store, "base:1"))[0].manifest.digest));
  await rejectsWith(push(store, "base:1", place), "unreachable", /only a part of the image/);
  await rejectsWith(push(store, "bas:1", place), "unreachable", /no such image in the store/, /base:1/);
  const other = { os: "linux", architecture: "amd64" };
  await rejectsWith(push(store, "base:1", place, { platform: other }), "unreachable", /no image for linux\/amd64/);
});

test("a saved file gives the images that were saved, and leaves nothing behind", async (t) => {
  const { store, build } = await localImages(t);
  await build("base:1", BASE);
  await build("app:1", APP);
  const registry = await registryWith(t, { push: {} });
  const file = join(tempDir(t), "saved.tar");
  await saveImages(store, ["app:1", "base:1"], { output: file });
  const before = storeFiles(store);
  const steps: string[] = [];
  const onEvent = (event: BuildEvent) => {
    if (event.kind === "step-start") steps.push(`${event.step.work} ${event.step.name}`);
  };
  const report = await push(store, file, [`${registry.host}/team`], { onEvent });
  assert.deepEqual(steps, [`read ${file}`, `unpack ${file}`]);
  assert.deepEqual(
    report.images.map(({ name, reference }) => [name, reference]),
    ["app", "base"].map((name) => [`docker.io/library/${name}:1`, `${registry.host}/team/${name}:1`]),
  );
  assert.deepEqual(hows(report), ["sent sent sent", "sent mounted"]);
  assert.deepEqual(storeFiles(store), before);
  const stored = await push(store, "app:1", [`${registry.host}/team/app:1`]);
  assert.equal(stored.images[0]?.known, true, "the same manifest as that of the store");
});

test("what a source is: a folder that holds no images does not hide an image of its name", async (t) => {
  const { dir, store, build } = await localImages(t);
  await build("base:1", BASE);
  const registry = await registryWith(t, { push: {} });
  const place = [`${registry.host}/base:1`];
  mkdirSync(join(dir, "base:1"));
  const before = process.cwd();
  process.chdir(dir);
  try {
    assert.deepEqual(hows(await push(store, "base:1", place)), ["sent sent"]);
  } finally {
    process.chdir(before);
  }
  await rejectsWith(push(store, "base:1", place, { with: ["base.tar"] }), "usage", /--with is for a file/);
  for (const name of ["./base:1", "/nowhere/app", "app.auterionos", "base.tar"]) {
    await rejectsWith(push(store, name, place), "unreachable", /no such file/);
  }
});
