import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { Value } from "@sinclair/typebox/value";
import { type LockOptions, lockProject } from "../../lib/lock/lock.ts";
import { blobFile, openStore } from "../../lib/store/layout.ts";
import type { Lock } from "../../spec/lock.ts";
import { type LockChange, LockReport } from "../../spec/lock-report.ts";
import { tempDir } from "../support/cleanup.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { digestOf, type ImageContent, makeImage, makeIndex } from "../support/image-content.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";

const ARM64 = { os: "linux", architecture: "arm64" };
const AMD64 = { os: "linux", architecture: "amd64" };
const SHARED = tarOf([{ path: "shared", data: "shared".repeat(1000) }]);

/** An index for both platforms; `version` is in the second layer of each image. */
function release(version: string): ImageContent {
  const image = (platform: typeof ARM64) =>
    makeImage({
      platform,
      layers: [SHARED, tarOf([{ path: "version", data: `${platform.architecture} ${version}` }])],
    });
  return makeIndex([
    { image: image(ARM64), platform: ARM64 },
    { image: image(AMD64), platform: AMD64 },
  ]);
}

interface Project {
  readonly dir: string;
  readonly registry: EmbeddedRegistry;
  lock(options?: Partial<LockOptions>): Promise<LockReport>;
  read(): Lock;
  /** Makes the project pull these, `one:1` and so on. */
  pulls(...references: readonly string[]): void;
}

async function projectFor(t: TestContext, ...references: readonly string[]): Promise<Project> {
  const dir = tempDir(t);
  const registry = await registryWith(t);
  for (const name of ["one", "two"]) registry.addImage(`library/${name}`, "1", release("1"));
  const store = join(tempDir(t), "store");
  const mirrors = new Map([["docker.io", registry.host]]);
  const project: Project = {
    dir,
    registry,
    async lock(options) {
      const report = await lockProject({ dir, store, registry: { mirrors }, ...options });
      assert.ok(Value.Check(LockReport, report));
      return report;
    },
    read: () => JSON.parse(readFileSync(join(dir, "aircrate.lock"), "utf8")),
    pulls(...names) {
      const images = names.map((name, i) => `  image-${i}: { from: "${name}" }\n`);
      writeFiles(dir, { "aircrate.yml": `images:\n${images.join("")}` });
    },
  };
  project.pulls(...references);
  return project;
}

function changes({ images }: LockReport): string[] {
  return images.map(({ change, reference, platform }: LockChange) => `${change} ${reference} ${platform}`);
}

test("a lock says what the registry has: index, manifest, config and layers, and documents are in the store", async (t) => {
  const { lock, read, registry } = await projectFor(t, "one:1");
  const store = join(tempDir(t), "store");
  const report = await lock({ store });
  const index = release("1");
  const [, arm64] = index.manifests;
  const { config, layers } = JSON.parse(arm64!.bytes.toString());
  const name = "docker.io/library/one:1";
  assert.deepEqual(read(), {
    version: 1,
    images: {
      [name]: {
        index: { digest: digestOf(index.root.bytes), mediaType: index.root.mediaType, size: index.root.bytes.length },
        platforms: {
          "linux/arm64": {
            config,
            layers,
            manifest: { digest: digestOf(arm64!.bytes), mediaType: arm64!.mediaType, size: arm64!.bytes.length },
          },
        },
      },
    },
  });
  assert.deepEqual(changes(report), [`added ${name} linux/arm64`]);
  const size = layers[0].size + layers[1].size;
  assert.deepEqual([report.written, report.layersSize, report.download], [true, size, size]);
  assert.ok(!registry.requests.some(({ kind, reference }) => kind === "blob" && reference === layers[0].digest));
  for (const bytes of [index.root.bytes, arm64!.bytes, index.blobs.get(config.digest)]) {
    assert.deepEqual(readFileSync(blobFile(await openStore(store), digestOf(bytes as Buffer))), bytes);
  }
});

test("what is locked stays and is not asked for; what is new is added, what is unused dropped", async (t) => {
  const { lock, read, registry, pulls } = await projectFor(t, "one:1");
  await lock();
  const before = read();
  registry.addImage("library/one", "1", release("2"));
  registry.clearRequests();
  const again = await lock();
  assert.deepEqual([changes(again), again.written], [["kept docker.io/library/one:1 linux/arm64"], false]);
  assert.equal(registry.requests.length, 0);
  pulls("one:1", "two:1");
  assert.deepEqual(changes(await lock()), [
    "kept docker.io/library/one:1 linux/arm64",
    "added docker.io/library/two:1 linux/arm64",
  ]);
  assert.deepEqual(read().images["docker.io/library/one:1"], before.images["docker.io/library/one:1"]);
  assert.ok(!registry.requests.some(({ path }) => path.includes("/one/")));
  pulls("two:1");
  assert.deepEqual(changes(await lock()), [
    "dropped docker.io/library/one:1 linux/arm64",
    "kept docker.io/library/two:1 linux/arm64",
  ]);
  assert.deepEqual(Object.keys(read().images), ["docker.io/library/two:1"]);
});

describe("--update", () => {
  test("moves all, or those that are named as users write them, and tells what it means in bytes", async (t) => {
    const { lock, read, registry } = await projectFor(t, "one:1", "two:1");
    await lock();
    const before = read();
    for (const name of ["one", "two"]) registry.addImage(`library/${name}`, "1", release("2"));
    const report = await lock({ update: ["docker.io/one:1"] });
    assert.deepEqual(changes(report), [
      "moved docker.io/library/one:1 linux/arm64",
      "kept docker.io/library/two:1 linux/arm64",
    ]);
    const name = "docker.io/library/one:1";
    const [old, now] = [before, read()].map(({ images }) => images[name]!.platforms["linux/arm64"]!);
    const [moved] = report.images;
    assert.deepEqual([moved!.from, moved!.to], [old!.manifest.digest, now!.manifest.digest]);
    const total = (layer: number, image = now) => ({ count: 1, size: image!.layers[layer]!.size });
    assert.deepEqual(moved!.layers, { kept: total(0), new: total(1), gone: total(1, old) });
    assert.equal(moved!.download, now!.layers[0]!.size + now!.layers[1]!.size);
    assert.deepEqual(changes(await lock({ update: [] })), [
      "kept docker.io/library/one:1 linux/arm64",
      "moved docker.io/library/two:1 linux/arm64",
    ]);
  });
  test("of a reference that the project does not pull", async (t) => {
    const { lock, registry } = await projectFor(t, "one:1");
    await rejectsWith(lock({ update: ["one:2"] }), "usage", /does not pull one:2: did you mean `one:1`/);
    await rejectsWith(lock({ update: ["ONE"] }), "input", /lower case/);
    assert.equal(registry.requests.length, 0);
  });
});

describe("the simulation", () => {
  test("is locked from the index that is locked already, and both move together", async (t) => {
    const { lock, read, registry, dir } = await projectFor(t, "one:1");
    await lock();
    const before = readFileSync(join(dir, "aircrate.lock"));
    registry.addImage("library/one", "1", release("2"));
    const report = await lock({ simulation: true });
    const name = "docker.io/library/one:1";
    assert.deepEqual(changes(report), [`added ${name} linux/amd64`, `kept ${name} linux/arm64`]);
    assert.deepEqual(report.platforms, ["linux/amd64", "linux/arm64"]);
    const manifests = (version: string) => release(version).manifests.map(({ bytes }) => digestOf(bytes));
    const locked = () => {
      const { index, platforms } = read().images[name]!;
      return [index, platforms["linux/arm64"]?.manifest, platforms["linux/amd64"]?.manifest].map((one) => one?.digest);
    };
    assert.deepEqual(locked(), manifests("1"));
    await lock({ update: [] });
    assert.deepEqual(locked(), manifests("2"));
    // Without the registry's older index, the platform cannot be added to the pin.
    writeFileSync(join(dir, "aircrate.lock"), before);
    registry.setFault(({ kind, reference }) =>
      kind === "manifest" && reference === manifests("1")[0] ? { answer: { status: 404 } } : undefined,
    );
    await rejectsWith(lock({ simulation: true }), "unreachable", /no such image/);
    assert.deepEqual(readFileSync(join(dir, "aircrate.lock")), before);
  });
  test("new references are locked on all platforms of the lock", async (t) => {
    const { lock, pulls } = await projectFor(t, "one:1");
    await lock({ simulation: true });
    pulls("one:1", "two:1");
    assert.deepEqual(changes(await lock()), [
      "kept docker.io/library/one:1 linux/amd64",
      "added docker.io/library/one:1 linux/arm64",
      "added docker.io/library/two:1 linux/amd64",
      "added docker.io/library/two:1 linux/arm64",
    ]);
  });
});

test("a reference with a digest is locked to it; one image without index has no index", async (t) => {
  const { lock, read, registry, pulls } = await projectFor(t, "one:1");
  const digest = digestOf(release("1").root.bytes);
  registry.addImage("library/one", "1", release("2"));
  registry.addImage("library/single", "1", makeImage({ platform: ARM64, layers: [SHARED] }));
  pulls(`one:1@${digest}`, "single:1");
  await lock();
  assert.equal(read().images[`docker.io/library/one:1@${digest}`]?.index?.digest, digest);
  assert.equal(read().images["docker.io/library/single:1"]?.index, undefined);
  await rejectsWith(lock({ simulation: true }), "input", /not for linux\/amd64/);
});

test("a failure leaves the lock as it was", async (t) => {
  const { lock, read, pulls, registry } = await projectFor(t, "one:1");
  await lock();
  const before = read();
  pulls("one:1", "gone:1", "gone:2");
  const error = await rejectsWith(lock(), "unreachable", /no such image/);
  assert.equal(error.where, "docker.io/library/gone:1", "the first in the order of the plan");
  assert.deepEqual(read(), before);
  const stopped = (await failure(lock({ update: [], signal: AbortSignal.abort() }))) as Error;
  assert.equal(stopped.name, "AbortError");
  pulls("one:1");
  registry.setFault(({ kind }) => (kind === "manifest" ? { corruptAt: 5 } : undefined));
  await rejectsWith(lock({ update: ["one:1"] }), "integrity");
  assert.deepEqual(read(), before);
});

test("two stores, two times: the same bytes", async (t) => {
  const { lock, dir } = await projectFor(t, "one:1", "two:1");
  const file = join(dir, "aircrate.lock");
  await lock();
  const first = readFileSync(file);
  rmSync(file);
  await lock({ store: join(tempDir(t), "other") });
  assert.deepEqual(readFileSync(file), first);
});
