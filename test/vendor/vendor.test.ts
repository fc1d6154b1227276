import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { Value } from "@sinclair/typebox/value";
import { lockProject } from "../../lib/lock/lock.ts";
import { blobFile, openStore } from "../../lib/store/layout.ts";
import { openLayout } from "../../lib/vendor/layout.ts";
import { type VendorOptions, vendorProject } from "../../lib/vendor/vendor.ts";
import type { Lock } from "../../spec/lock.ts";
import { VendorReport } from "../../spec/lock-report.ts";
import { serverFor } from "../http/servers.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { generatedBase, generatedBusybox } from "../support/generated-base.ts";
import { digestOf, makeImage } from "../support/image-content.ts";
import { writeFiles } from "../support/project.ts";
import { registryWith } from "../support/registries.ts";
import { noise } from "../support/seeded.ts";
import { tarOf } from "../support/ustar.ts";

const PLAIN = tarOf([{ path: "plain", data: noise(1, 5_000_000) }]);
const PLAIN_LAYER = { mediaType: "application/vnd.oci.image.layer.v1.tar", bytes: PLAIN, diffId: digestOf(PLAIN) };

async function projectFor(t: TestContext) {
  const registry = await registryWith(t);
  registry.addImage("library/base", "1", generatedBase({ attestation: true }));
  registry.addImage("library/box", "1", generatedBusybox());
  registry.addImage(
    "library/plain",
    "1",
    makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [PLAIN_LAYER] }),
  );
  const images = ["base", "box", "plain"].map((name) => `  a-${name}: { from: "${name}:1" }\n`);
  const dir = writeFiles(tempDir(t), { "aircrate.yml": `images:\n${images.join("")}` });
  const options = {
    dir,
    store: join(tempDir(t), "store"),
    registry: { mirrors: new Map([["docker.io", registry.host]]) },
  };
  await lockProject(options);
  const read = (): Lock => JSON.parse(readFileSync(join(dir, "aircrate.lock"), "utf8"));
  async function vendor(more?: Partial<VendorOptions>): Promise<VendorReport> {
    const report = await vendorProject({ ...options, ...more });
    assert.ok(Value.Check(VendorReport, report));
    return report;
  }
  return { registry, dir, store: options.store, read, vendor };
}

test("the same lock gives the same file, wherever the blobs came from, and all in it is as the registry has it", async (t) => {
  const { registry, dir, read, vendor } = await projectFor(t);
  const file = join(dir, "build/bases.tar");
  const report = await vendor();
  assert.deepEqual([report.file, report.format, report.size], [file, "tar", statSync(file).size]);
  const first = readFileSync(file);
  registry.clearRequests();
  const again = await vendor();
  assert.deepEqual(again.pulled, { count: 0, size: 0 });
  assert.deepEqual(registry.requests, []);
  assert.equal(Buffer.compare(readFileSync(file), first), 0);
  const other = await vendor({ store: join(tempDir(t), "store"), output: join(dir, "other.tar") });
  assert.equal(Buffer.compare(readFileSync(join(dir, "other.tar")), first), 0);
  assert.equal(other.pulled.count, other.blobs.count - 1, "all but the index that is made");

  const layout = await openLayout(file);
  onCleanup(t, () => layout.close());
  const { images } = read();
  assert.equal(layout.entries.length, 3);
  for (const { index, platforms } of Object.values(images)) {
    for (const { manifest, config, layers } of Object.values(platforms)) {
      for (const { digest, size } of [manifest, config, ...layers, ...(index ? [index] : [])]) {
        assert.equal(await layout.size(digest), size);
        const parts: Uint8Array[] = [];
        for await (const bytes of layout.read(digest)) parts.push(bytes);
        assert.equal(digestOf(Buffer.concat(parts)), digest);
      }
    }
  }
  assert.equal(await layout.size(PLAIN_LAYER.diffId), PLAIN.length, "a layer that is not packed stays so");
});

test("remote files are blobs that no index names; their size must be that of the lock", async (t) => {
  const { dir, store, vendor, registry } = await projectFor(t);
  const content = noise(3, 300_000);
  const digest = digestOf(content);
  const server = await serverFor(t, { "/app?s3cret": { body: content } });
  const url = `${server.origin}/app?s3cret`;
  const copy = `copy: [{ url: "${url}", checksum: "${digest}", to: / }]`;
  const project = `images: { app: { from: "box:1", layers: [{ ${copy} }] } }\n`;
  writeFiles(dir, { "aircrate.yml": project });
  await lockProject({ dir, store, registry: { mirrors: new Map([["docker.io", registry.host]]) } });
  const report = await vendor();
  const shown = { digest, url: `${server.origin}/app`, size: content.length };
  assert.deepEqual(report.files, [shown]);
  assert.equal(server.requests.length, 1, "locking fetched it");
  const layout = await openLayout(report.file);
  onCleanup(t, () => layout.close());
  const parts: Uint8Array[] = [];
  for await (const bytes of layout.read(digest)) parts.push(bytes);
  assert.ok(Buffer.concat(parts).equals(content));
  assert.ok(layout.entries.every((entry) => entry.digest !== digest));

  // Another store fetches what it lacks: the file is the same.
  const other = await vendor({ store: join(tempDir(t), "store"), output: join(dir, "other.tar") });
  assert.deepEqual([other.pulled.count, server.requests.length], [other.blobs.count - 1, 2], "all but the made index");
  assert.equal(Buffer.compare(readFileSync(other.file), readFileSync(report.file)), 0);
  const folder = await vendor({ output: join(dir, "bases/") });
  assert.equal(statSync(join(folder.file, "blobs/sha256", digest.slice(7))).size, content.length);

  const file = join(dir, "aircrate.lock");
  const lock = readFileSync(file, "utf8");
  writeFileSync(file, lock.replace(`"size": ${content.length}`, '"size": 7'));
  const error = await rejectsWith(vendor(), "integrity", /locked 7 bytes, found 300000 bytes/);
  assert.equal(error.where, file);
  await lockProject({ dir, store, registry: { mirrors: new Map([["docker.io", registry.host]]) } });
  assert.equal(readFileSync(file, "utf8"), lock, "as the hint says");
  writeFiles(dir, { "aircrate.yml": project.replace(digest, digestOf(noise(4, 5))) });
  await rejectsWith(vendor(), "refused", /the file sha256:.* is not in aircrate\.lock/);
});

describe("a folder", () => {
  test("holds the same, is brought up to date, and what is damaged in it is written again", async (t) => {
    const { registry, dir, vendor, read } = await projectFor(t);
    const folder = join(dir, "bases");
    const report = await vendor({ output: `${folder}/` });
    assert.deepEqual([report.file, report.format], [folder, "dir"]);
    const files = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
    const content = () => files().map((name) => [name, digestOf(readFileSync(name))]);
    const before = content();
    for (const [name, digest] of before) {
      if (name!.includes("/sha256/")) assert.equal(digest, `sha256:${basename(name!)}`);
    }
    assert.equal(
      report.size,
      files().reduce((sum, name) => sum + statSync(name).size, 0),
    );
    truncateSync(join(folder, "index.json"), 5);
    const [layer] = read().images["docker.io/library/box:1"]!.platforms["linux/arm64"]!.layers;
    writeFileSync(join(folder, "blobs/sha256", layer!.digest.slice(7)), Buffer.alloc(layer!.size));
    assert.equal((await vendor({ output: folder })).format, "dir", "a folder that is there");
    assert.deepEqual(content(), before);

    const image = makeImage({ platform: { os: "linux", architecture: "arm64" }, layers: [tarOf([{ path: "new" }])] });
    registry.addImage("library/box", "1", image);
    await lockProject({
      dir,
      store: join(tempDir(t), "s"),
      registry: { mirrors: new Map([["docker.io", registry.host]]) },
      update: [],
    });
    await vendor({ output: folder });
    assert.ok(!existsSync(join(folder, "blobs/sha256", layer!.digest.slice(7))), "what is not used any more is gone");
    assert.ok(existsSync(join(folder, "blobs/sha256", digestOf(image.root.bytes).slice(7))));
  });
  test("that is somebody else's is left alone", async (t) => {
    const { dir, store, vendor } = await projectFor(t);
    const blobs = () => readdirSync(join(store, "blobs/sha256")).length;
    const before = blobs();
    await rejectsWith(vendor({ output: store }), "usage", /holds no layout of aircrate vendor/);
    assert.ok(blobs() >= before);
    await rejectsWith(vendor({ output: dir }), "usage", /is not empty/);
    await rejectsWith(vendor({ output: join(dir, "x/"), format: "tar" }), "usage", /tar file cannot be written/);
    mkdirSync(join(dir, "empty"));
    assert.equal((await vendor({ output: join(dir, "empty") })).format, "dir");
    assert.equal((await vendor({ output: join(dir, "named"), format: "dir" })).format, "dir");
    await rejectsWith(vendor({ output: join(dir, "aircrate.yml"), format: "dir" }), "unreachable", /ENOTDIR/);
  });
});

describe("what fails leaves no file", () => {
  async function refused(t: TestContext, spoil: (project: Awaited<ReturnType<typeof projectFor>>) => unknown) {
    const project = await projectFor(t);
    const more = (await spoil(project)) as Partial<VendorOptions> | undefined;
    const error = await failure(project.vendor(more));
    assert.equal(existsSync(join(project.dir, "build")) && readdirSync(join(project.dir, "build")).length > 0, false);
    assert.deepEqual(readdirSync(join(project.store, "aircrate/tmp")), []);
    return Promise.reject(error);
  }
  const edit = (change: (lock: Lock) => void) => {
    return ({ dir, read }: Awaited<ReturnType<typeof projectFor>>) => {
      const lock = read();
      change(lock);
      writeFileSync(join(dir, "aircrate.lock"), JSON.stringify(lock));
    };
  };
  const box = ({ images }: Lock) => images["docker.io/library/box:1"]!.platforms["linux/arm64"]!;
  const layersOf = ({ images }: Lock) =>
    Object.values(images).flatMap(({ platforms }) => platforms["linux/arm64"]!.layers);

  test("a layer that the registry has lost", async (t) => {
    await rejectsWith(
      refused(t, ({ registry, read }) => registry.removeBlob("library/box", box(read()).layers[0]!.digest)),
      "unreachable",
      /box:1: there is no such image/,
    );
  });
  for (const [name, fault, message] of [
    ["wrong bytes", { corruptAt: 50 }, /does not have the digest/],
    ["another body", { answer: { status: 200, body: "{}" } }, /does not have the announced size/],
    ["a longer body", { answer: { status: 200, body: Buffer.alloc(6_000_000) } }, /announced size/],
  ] as const) {
    test(name, async (t) => {
      const error = await failure(
        refused(t, ({ registry }) => {
          registry.setFault(({ kind }) => (kind === "blob" ? fault : undefined));
        }),
      );
      assert.match(String((error as Error).message), message);
    });
  }
  test("a lock that does not fit the project", async (t) => {
    await rejectsWith(
      refused(
        t,
        edit(({ images }) => delete images["docker.io/library/box:1"]),
      ),
      "refused",
      /box:1 is not in aircrate\.lock/,
    );
  });
  test("a lock that does not say what the manifest says", async (t) => {
    await rejectsWith(
      refused(
        t,
        edit((lock) => void box(lock).layers.pop()),
      ),
      "integrity",
      /box:1: the image is not what aircrate\.lock says/,
    );
  });
  test("a lock that names one blob with two sizes", async (t) => {
    await rejectsWith(
      refused(
        t,
        edit((lock) => {
          const [first] = layersOf(lock);
          box(lock).layers.push({ ...first!, size: 1 });
        }),
      ),
      "integrity",
      /two sizes for one blob/,
    );
  });
  test("a large blob in the store that is damaged", async (t) => {
    await rejectsWith(
      refused(t, async ({ store, vendor, dir }) => {
        await vendor({ output: join(dir, "whole.tar") });
        writeFileSync(blobFile(await openStore(store), PLAIN_LAYER.diffId), Buffer.alloc(PLAIN.length));
      }),
      "integrity",
      /a blob in the store is damaged/,
      /it was set aside/,
      /^vendor again: /m,
    );
  });
  test("an abort", async (t) => {
    const error = (await failure(refused(t, () => ({ signal: AbortSignal.abort() })))) as Error;
    assert.equal(error.name, "AbortError");
  });
});

test("a small blob in the store that is damaged is pulled again", async (t) => {
  const { dir, store, vendor, read } = await projectFor(t);
  const file = join(dir, "one.tar");
  await vendor({ output: file });
  const { manifest } = read().images["docker.io/library/box:1"]!.platforms["linux/arm64"]!;
  writeFileSync(blobFile(await openStore(store), manifest.digest), Buffer.alloc(manifest.size));
  const report = await vendor({ output: join(dir, "two.tar") });
  assert.deepEqual(report.pulled, { count: 1, size: manifest.size });
  assert.equal(Buffer.compare(readFileSync(file), readFileSync(join(dir, "two.tar"))), 0);
});
