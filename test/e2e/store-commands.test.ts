import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lock } from "../../spec/lock.ts";
import { Manifest } from "../../spec/oci.ts";
import { PruneReport, StoreListing, StoreVerification } from "../../spec/store-reports.ts";
import { type Aircrate, aircrateFor, copyGallery, decodeText, GALLERY } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { generatedBusybox } from "../support/generated-base.ts";
import { writeFiles } from "../support/project.ts";
import { registryFor } from "../support/seed.ts";
import { flip } from "../verify/sample-archive.ts";

const PYTHON = "docker.io/arm64v8/python:3.11-slim";
const BUSYBOX = "docker.io/arm64v8/busybox:1.36";

function blobIn(aircrate: Aircrate, digest: string): string {
  return join(aircrate.store, "blobs/sha256", digest.slice("sha256:".length));
}

function damage(file: string): void {
  writeFileSync(file, flip(readFileSync(file), 100));
}

async function listed(aircrate: Aircrate): Promise<StoreListing> {
  const { status, stdout, stderr } = await aircrate.run(["store", "ls", "--json"]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return decodeText(StoreListing, stdout);
}

async function pruned(aircrate: Aircrate, ...options: string[]): Promise<PruneReport> {
  const { status, stdout, stderr } = await aircrate.run(["store", "prune", "--json", ...options]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return decodeText(PruneReport, stdout);
}

test("ls shows what is in the store", async (t) => {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const report = await aircrate.build([GALLERY, "-o", join(tempDir(t), "out"), ...mirror(registry)]);
  const { references, blobs, pulled, packed, partial, temporary, quarantine, store } = await listed(aircrate);
  assert.equal(store, aircrate.store);
  assert.deepEqual(
    references.map(({ reference, platform, layers, complete }) => [reference, platform, layers, complete]),
    [
      [BUSYBOX, "linux/arm64", 1, true],
      [PYTHON, "linux/arm64", 2, true],
    ],
  );
  const layers = new Map(report.images.flatMap((image) => image.layers).map((layer) => [layer.digest, layer]));
  const amount = (source: string) => {
    const found = [...layers.values()].filter((layer) => layer.source === source);
    return { count: found.length, size: found.reduce((sum, { size }) => sum + size, 0) };
  };
  assert.deepEqual([pulled, packed], [amount("pulled"), amount("packed")]);
  const files = readdirSync(join(aircrate.store, "blobs/sha256"));
  assert.equal(blobs.count, files.length);
  const none = { count: 0, size: 0 };
  assert.deepEqual({ partial, temporary, quarantine }, { partial: none, temporary: none, quarantine: none });
  const text = await aircrate.run(["store", "ls"]);
  for (const { reference, manifest } of references) {
    assert.match(text.stdout, new RegExp(`^${reference} +linux/arm64 +${manifest.slice(7, 19)} .* [kM]?B `, "m"));
  }
});

test("a corrupt blob is found by verify, set aside, and fetched or packed again", async (t) => {
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  const build = (name: string) => aircrate.build([GALLERY, "-o", join(dir, name), ...mirror(registry)]);
  const { images } = await build("first");
  const expected = await sha256Of(join(dir, "first"));
  const clean = await aircrate.run(["store", "verify"]);
  assert.equal(clean.status, 0, clean.stderr);
  assert.match(clean.stdout, /: ok \(\d+ blobs of [\d.]+ MB, \d+ layers, 2 references\)\n$/);

  const layers = images[0]!.layers;
  const victims = [
    layers.find(({ source }) => source === "pulled")!,
    layers.find(({ source }) => source === "packed")!,
  ];
  for (const { digest } of victims) damage(blobIn(aircrate, digest));
  const found = await aircrate.run(["store", "verify", "--json"]);
  assert.equal(found.status, 6);
  const { problems } = decodeText(StoreVerification, found.stdout);
  assert.deepEqual(problems.map(({ where }) => where).sort(), victims.map(({ digest }) => digest).sort());
  for (const { digest } of victims) {
    assert.match(found.stderr, new RegExp(`^ {2}${digest}: is damaged`, "m"));
    assert.equal(existsSync(blobIn(aircrate, digest)), false);
  }
  assert.equal((await listed(aircrate)).quarantine.count, 2);
  assert.equal((await aircrate.run(["store", "verify"])).status, 0);

  const offline = await aircrate.run(["build", GALLERY, "-o", join(dir, "offline"), "--offline"]);
  assert.equal(offline.status, 7, "what is in quarantine is not used");
  await build("second");
  assert.equal(await sha256Of(join(dir, "second")), expected);
  for (const { digest } of victims) assert.equal(existsSync(blobIn(aircrate, digest)), true);
  assert.equal((await pruned(aircrate)).steps.find(({ name }) => name === "quarantine")!.removed.count, 2);
});

test("a build that meets a corrupt layer sets it aside, and one that meets a corrupt document heals it", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  const args = ["build", GALLERY, ...mirror(registry), "-o"];
  const { images } = await aircrate.build([...args.slice(1), join(dir, "first")]);
  const expected = await sha256Of(join(dir, "first"));
  const layer = images[0]!.layers[0]!.digest;
  damage(blobIn(aircrate, layer));
  const failed = await aircrate.run([...args, join(dir, "second")]);
  assert.equal(failed.status, 6);
  assert.match(
    failed.stderr,
    new RegExp(`^aircrate: ${layer}: a blob in the store is damaged\n.*set aside.*\n.*build again`),
  );
  assert.equal(existsSync(join(dir, "second")), false);
  await aircrate.build([...args.slice(1), join(dir, "second")]);
  assert.equal(await sha256Of(join(dir, "second")), expected);

  for (const { manifest } of (await listed(aircrate)).references) {
    const bytes = readFileSync(blobIn(aircrate, manifest));
    damage(blobIn(aircrate, decodeText(Manifest, String(bytes)).config.digest));
    damage(blobIn(aircrate, manifest));
  }
  await aircrate.build([...args.slice(1), join(dir, "third")]);
  assert.equal(await sha256Of(join(dir, "third")), expected);
});

test("pruning beside a running build takes nothing from it", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  const build = (name: string) => ["build", GALLERY, "-o", join(dir, name), "--json", ...mirror(registry)];
  const project = copyGallery(t);
  await aircrate.build([GALLERY, "-o", join(dir, "first"), ...mirror(registry)]);
  // One of its layers has to be fetched again, slowly; all else is there, and was last used long ago.
  const { references } = await listed(aircrate);
  const { manifest } = references.find(({ reference }) => reference === PYTHON)!;
  const { layers } = decodeText(Manifest, readFileSync(blobIn(aircrate, manifest), "utf8"));
  damage(blobIn(aircrate, layers[0]!.digest));
  assert.equal((await aircrate.run(["store", "verify"])).status, 6);
  const old = new Date(Date.now() - 90 * 86_400_000);
  const folder = join(aircrate.store, "blobs/sha256");
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);

  registry.setFault(({ kind }) => (kind === "blob" ? { bytesPerSecond: 40_000 } : undefined));
  const before = registry.requests.length;
  const running = aircrate.start(build("second"));
  for (let i = 0; !registry.requests.slice(before).some(({ kind }) => kind === "blob"); i += 1) {
    assert.ok(i < 3000, "it asks for the layer");
    await sleep(10);
  }
  // However slow this machine is, the build is in the middle of its work then.
  running.kill("SIGSTOP");
  const report = await pruned(aircrate, "--older-than", "30d", "--max-size", "0");
  running.kill("SIGCONT");
  assert.ok(
    report.steps.some(({ inUse }) => inUse > 0),
    JSON.stringify(report.steps),
  );
  const { status, stderr } = await running.ended;
  assert.equal(status, 0, stderr);
  assert.equal(await sha256Of(join(dir, "second")), await sha256Of(join(dir, "first")));
  assert.deepEqual(readdirSync(join(aircrate.store, "aircrate/leases")), []);
  assert.equal((await aircrate.run(["store", "verify"])).status, 0);

  assert.ok((await pruned(aircrate, "--max-size", "0", "--dry-run")).removed.count > 0);
  assert.ok((await listed(aircrate)).blobs.count > 0);
  await pruned(aircrate, "--max-size", "0");
  assert.equal((await listed(aircrate)).blobs.count, 0);
  registry.setFault(undefined);
  await aircrate.build([project, "-o", join(dir, "third"), ...mirror(registry)]);
});

test("pruning by a lock file keeps what an offline build needs, and no more", async (t) => {
  const registry = await demoRegistry(t);
  const dir = tempDir(t);
  const aircrate = aircrateFor(t);
  await aircrate.build([GALLERY, "-o", join(dir, "first"), ...mirror(registry)]);
  registry.addImage("library/other", "1", generatedBusybox());
  const other = writeFiles(join(dir, "other"), {
    "aircrate.yml": 'images: {one: {from: "other:1", layers: [{name: x, copy: [{from: x, to: /x}]}]}}\n',
    x: "x\n",
  });
  await aircrate.build([other, "-o", join(dir, "other.tar"), ...mirror(registry)]);

  const lock = join(dir, "aircrate.lock");
  const images: Lock["images"] = {};
  for (const { reference, platform, manifest } of (await listed(aircrate)).references) {
    if (reference !== PYTHON && reference !== BUSYBOX) continue;
    const bytes = readFileSync(blobIn(aircrate, manifest));
    const { config, layers, mediaType = "" } = decodeText(Manifest, String(bytes));
    images[reference] = {
      platforms: { [platform]: { manifest: { digest: manifest, mediaType, size: bytes.length }, config, layers } },
    };
  }
  writeFileSync(lock, JSON.stringify({ version: 1, images }));
  const misspelt = await aircrate.run(["store", "prune", "--keep-lock", `${lock}x`]);
  assert.equal(misspelt.status, 4);
  const report = await pruned(aircrate, "--keep-lock", lock, "--older-than", "0m");
  assert.deepEqual(report.dropped, [{ reference: "docker.io/library/other:1", platform: "linux/arm64" }]);
  const needed = new Set(
    Object.values(images).flatMap(({ platforms }) => {
      const { manifest, config, layers } = platforms["linux/arm64"]!;
      return [manifest, config, ...layers].map(({ digest }) => digest.slice("sha256:".length));
    }),
  );
  const index = readdirSync(join(aircrate.store, "blobs/sha256")).filter((name) => !needed.has(name));
  assert.equal(index.length, 1, "and the index that one of the references names");
  await aircrate.build([GALLERY, "-o", join(dir, "offline"), "--offline"]);
  assert.equal(await sha256Of(join(dir, "offline")), await sha256Of(join(dir, "first")));
  assert.equal((await aircrate.run(["store", "verify"])).status, 0);
});

test("wrong usage", async (t: TestContext) => {
  const aircrate = aircrateFor(t);
  for (const [args, pattern] of [
    [[], /name a command of aircrate store: ls, verify, prune, import/],
    [["lss"], /unknown command "lss": did you mean `ls`/],
    [["import"], /<files\.\.> is missing/],
    [["prune", "--older-than", "month"], /is no duration/],
    [["prune", "--max-size", "big"], /is no size/],
    [["ls", "--nope"], /unknown option --nope/],
  ] as const) {
    const { status, stderr } = await aircrate.run(["store", ...args]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, pattern);
  }
  assert.equal(existsSync(aircrate.store), false, "none of them makes a store");
});
