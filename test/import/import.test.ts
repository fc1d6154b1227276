import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { AircrateError } from "../../lib/error.ts";
import { finishImage } from "../../lib/image/image.ts";
import { createPull } from "../../lib/image/pull.ts";
import { importFiles } from "../../lib/import/import.ts";
import { ARM64 } from "../../lib/platform.ts";
import { parseReference } from "../../lib/reference.ts";
import { openStore, type Store } from "../../lib/store/layout.ts";
import { listStore } from "../../lib/store/list.ts";
import { verifyStore } from "../../lib/store/verify.ts";
import { decode } from "../../spec/decode.ts";
import { ImportReport } from "../../spec/store-reports.ts";
import { tempDir } from "../support/cleanup.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { clientWith } from "../support/registries.ts";
import { seeded } from "../support/seeded.ts";
import { assertEmpty, storeFiles, tempStore } from "../support/store.ts";
import { tarOf } from "../support/ustar.ts";
import { packageOf } from "../verify/sample.ts";
import {
  type ArchiveHooks,
  archiveEntries,
  archiveOf,
  BASE,
  blob,
  CAMERA,
  edit,
  flip,
  GALLERY,
  type Layout,
  sampleImages,
  sha256,
  TAGS,
  without,
} from "../verify/sample-archive.ts";

const LAYOUTS: readonly Layout[] = ["hybrid", "hybrid-gzip", "flat", "legacy", "crane", "oci"];
const NAMES = TAGS.map((tag) => `docker.io/library/${tag}`);

function fileOf(t: TestContext, bytes: Uint8Array): string {
  const file = join(tempDir(t), "images");
  writeFileSync(file, bytes);
  return file;
}

async function imported(store: Store, ...files: string[]): Promise<ImportReport> {
  return decode(ImportReport, await importFiles(files, { store: store.root }));
}

/** What a build finds without any registry. */
async function offline(t: TestContext, store: Store, name: string) {
  const client = clientWith(t, {});
  const pull = createPull({ store, client, platform: ARM64, offline: true, onEvent: () => undefined });
  const image = await pull(parseReference(name));
  return { root: await image.root(), ...(await finishImage(image)) };
}

for (const layout of LAYOUTS) {
  const wraps = {
    tar: archiveOf({ layout }),
    "gzip'd tar": gzipSync(archiveOf({ layout })),
    package: packageOf({ layout }),
    "package with a plain archive": packageOf({ layout, image: () => archiveOf({ layout }) }),
  };
  for (const [wrap, bytes] of Object.entries(wraps)) {
    test(`${layout} in a ${wrap}: builds find its images offline`, async (t) => {
      const store = await tempStore(t);
      const report = await imported(store, fileOf(t, bytes));
      const packed = layout === "hybrid-gzip" || layout === "crane" || layout === "oci";
      assert.deepEqual(
        report.files[0]!.images.map(({ references, platform, manifestOrigin }) => [
          references,
          platform,
          manifestOrigin,
        ]),
        NAMES.map((name) => [[name], "linux/arm64", packed && layout !== "crane" ? "original" : "made"]),
      );
      assert.equal(report.added.count, 3, "the layer that both have comes once");
      for (const [i, name] of NAMES.entries()) {
        const { config, layers } = sampleImages()[i]!;
        const image = await offline(t, store, name);
        assert.deepEqual(JSON.parse(String(image.configBytes)), config);
        assert.deepEqual(
          image.layers.map(({ diffId, plainSize }) => [diffId, plainSize]),
          layers.map((layer) => [`sha256:${sha256(layer)}`, layer.length]),
        );
        if (packed) assert.equal(image.layers[0]!.digest, `sha256:${sha256(gzipSync(layers[0]!))}`);
        assert.equal(image.root.find("app/main.py")?.kind, "file");
        assert.match(image.root.account("passwd") ?? "", /^root:/);
      }
      assert.deepEqual((await verifyStore(store)).problems, []);
      assert.deepEqual(readdirSync(join(store.root, "aircrate/tmp")), []);
      assert.deepEqual(readdirSync(join(store.root, "aircrate/leases")), []);
      const before = storeFiles(store);
      const again = await imported(store, fileOf(t, bytes));
      assert.equal(again.added.count, 0);
      assert.deepEqual(storeFiles(store), before);
    });
  }
}

test("an image layout in a folder", async (t) => {
  const dir = join(tempDir(t), "layout");
  for (const { path, data } of archiveEntries({ layout: "oci" })) {
    if (data === undefined) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), data);
  }
  const store = await tempStore(t);
  const report = await imported(store, dir);
  assert.equal(report.files[0]!.kind, "folder");
  for (const name of NAMES) await offline(t, store, name);
});

test("the manifest that is made depends on the layers and the config alone", async (t) => {
  const digests = new Set<string>();
  for (const layout of ["hybrid", "flat", "legacy"] as const) {
    const store = await tempStore(t);
    const report = await imported(store, fileOf(t, archiveOf({ layout })));
    digests.add(report.files[0]!.images.map(({ manifest }) => manifest).join());
  }
  assert.equal(digests.size, 1);
});

test("several files, and one that is not there", async (t) => {
  const store = await tempStore(t);
  const files = [archiveOf({ layout: "oci" }), archiveOf({ layout: "flat" })].map((bytes) => fileOf(t, bytes));
  const report = await imported(store, ...files);
  assert.deepEqual(
    report.files.map(({ file }) => file),
    files,
  );
  await rejectsWith(imported(store, join(tempDir(t), "none")), "unreachable", /no such file/);
});

test("a name of one's own, for an image that has none or another one", async (t) => {
  const one = (tags: string[]): ArchiveHooks => ({ images: (images) => [{ ...images[0]!, tags }] });
  for (const layout of LAYOUTS) {
    // Without names, the sample's index.json has no entry.
    for (const tags of layout === "oci" ? [["some:1"]] : [[], ["some:1"]]) {
      const store = await tempStore(t);
      const file = fileOf(t, archiveOf({ layout, ...one(tags) }));
      if (tags.length === 0) await rejectsWith(imported(store, file), "input", /an image has no name/, /--as/);
      const report = await importFiles([file], { store: store.root, as: "mine:2" });
      assert.deepEqual(report.files[0]!.images[0]!.references, ["docker.io/library/mine:2"]);
      await offline(t, store, "mine:2");
    }
  }
  const store = await tempStore(t);
  const two = importFiles([fileOf(t, archiveOf())], { store: store.root, as: "mine:2" });
  await rejectsWith(two, "input", /two images of the file have one name/, /mine:2/);
  await rejectsWith(importFiles([fileOf(t, archiveOf(one([])))], { store: store.root, as: "No" }), "input", /--as/);
  assertEmpty(store);
});

test("the variant v8 is what arm64 means; another architecture is its own", async (t) => {
  const store = await tempStore(t);
  const images: ArchiveHooks["images"] = (all) => {
    all[1]!.tags = all[0]!.tags;
    all[1]!.config.architecture = "arm";
    all[1]!.config.variant = "v7";
    return all;
  };
  await imported(store, fileOf(t, archiveOf({ images })));
  const { references } = await listStore(store);
  assert.deepEqual(
    references.map(({ reference, platform, complete }) => [reference, platform, complete]),
    [
      [NAMES[0], "linux/arm/v7", true],
      [NAMES[0], "linux/arm64", true],
    ],
  );
});

test("of two variants in one index the plain one is meant", async (t) => {
  const store = await tempStore(t);
  const images: ArchiveHooks["images"] = (all) => {
    all[1]!.tags = all[0]!.tags;
    delete all[1]!.config.variant;
    return all;
  };
  await imported(store, fileOf(t, archiveOf({ layout: "oci", images })));
  const { configBytes } = await offline(t, store, NAMES[0]!);
  assert.equal(JSON.parse(String(configBytes)).variant, undefined);
});

const WRONG = "0".repeat(64);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]);

const HOSTILE: Record<string, { hooks: ArchiveHooks; fault: "integrity" | "input"; pattern: RegExp }> = {
  "a layer that is not there": {
    hooks: { archive: (entries) => without(entries, blob(BASE)) },
    fault: "integrity",
    pattern: /layer 1: blobs\/sha256\/[0-9a-f]{64} is not in the file/,
  },
  "a config that is not there": {
    hooks: { layout: "flat", archive: (entries) => entries.filter(({ path }) => !/^[0-9a-f]{64}\.json$/.test(path)) },
    fault: "integrity",
    pattern: /is not in the archive/,
  },
  "a manifest that is not there": {
    hooks: {
      layout: "oci",
      index: (index) => {
        index.manifests[0].digest = `sha256:${WRONG}`;
      },
    },
    fault: "integrity",
    pattern: /sha256:0{64} is not in the file/,
  },
  "a blob with the bytes of another one": {
    hooks: { archive: (entries) => edit(entries, blob(CAMERA), { data: GALLERY }) },
    fault: "integrity",
    pattern: /does not have the digest that it is named by/,
  },
  "a config with another digest than its name": {
    hooks: {
      layout: "flat",
      archive: (entries) =>
        entries.map((e) => (e.path.endsWith(".json") && e.path.length > 60 ? { ...e, data: ` ${e.data}` } : e)),
    },
    fault: "integrity",
    pattern: /does not have the digest that it is named by/,
  },
  "a layer with another diffID than promised": {
    hooks: {
      layout: "legacy",
      images: (images) => {
        images[0]!.config.rootfs.diff_ids[1] = `sha256:${WRONG}`;
        return images;
      },
    },
    fault: "integrity",
    pattern: /layer 2: unpacks to sha256:[0-9a-f]{64}, but the config says sha256:0{64}/,
  },
  "fewer layers than diffIDs": {
    hooks: { layout: "flat", items: (items) => void items[0].Layers.pop() },
    fault: "integrity",
    pattern: /layer 2: is missing/,
  },
  "more layers than diffIDs": {
    hooks: { layout: "flat", items: (items) => void items[0].Layers.push(items[0].Layers[0]) },
    fault: "integrity",
    pattern: /layer 3: has no diffID/,
  },
  "a member that climbs out": {
    hooks: { archive: (entries) => [...entries, { path: "../../evil", data: "x" }] },
    fault: "integrity",
    pattern: /\.\.\/\.\.\/evil: the path leaves the archive/,
  },
  "a layer path that climbs out": {
    hooks: {
      layout: "flat",
      items: (items) => {
        items[0].Layers[0] = "../../etc/passwd";
      },
    },
    fault: "integrity",
    pattern: /\.\.\/\.\.\/etc\/passwd is not in the file/,
  },
  "a descriptor with a wrong size": {
    hooks: {
      layout: "oci",
      index: (index) => {
        index.manifests[0].size += 1;
      },
    },
    fault: "integrity",
    pattern: /are announced/,
  },
  "a layer that is a document": {
    hooks: {
      layout: "flat",
      items: (items) => {
        items[0].Layers[0] = items[0].Config;
      },
    },
    fault: "integrity",
    pattern: /is a JSON document and no layer/,
  },
  "a layer packed with zstd": {
    hooks: {
      layout: "flat",
      archive: (entries) =>
        entries.map((entry) => (entry.path === `${sha256(BASE)}.tar` ? { ...entry, data: ZSTD } : entry)),
    },
    fault: "input",
    pattern: /packed with zstd/,
  },
  "a name with a foreign digest": {
    hooks: {
      layout: "flat",
      items: (items) => {
        items[0].RepoTags = [`name:1@sha256:${WRONG}`];
      },
    },
    fault: "integrity",
    pattern: /a name with another digest than its own/,
  },
  "a name that is none": {
    hooks: {
      layout: "flat",
      items: (items) => {
        items[0].RepoTags = ["../x"];
      },
    },
    fault: "input",
    pattern: /is not an image reference/,
  },
  "two images of one name": {
    hooks: {
      layout: "flat",
      images: (images) => images.map((image) => ({ ...image, tags: ["one:1"] })),
    },
    fault: "input",
    pattern: /two images of the file have one name/,
  },
};

for (const [name, { hooks, fault, pattern }] of Object.entries(HOSTILE)) {
  test(`${name} is refused, and nothing stays in the store`, async (t) => {
    for (const bytes of [archiveOf(hooks), packageOf(hooks)]) {
      const store = await tempStore(t);
      const file = fileOf(t, bytes);
      const error = await rejectsWith(imported(store, file), fault, pattern);
      assert.ok(error.message.includes(file));
      assertEmpty(store);
    }
  });
}

test("a layer with a path that climbs out is not recorded", async (t) => {
  const evil = tarOf([{ path: "../../evil", data: "x" }]);
  const images: ArchiveHooks["images"] = ([image]) => {
    image!.layers = [evil];
    image!.config.rootfs.diff_ids = [`sha256:${sha256(evil)}`];
    return [image!];
  };
  for (const layout of LAYOUTS) {
    const store = await tempStore(t);
    await rejectsWith(imported(store, fileOf(t, archiveOf({ layout, images }))), "integrity", /leaves the layer/);
    assertEmpty(store);
  }
});

test("a file that unpacks to more than is allowed", async (t) => {
  for (const bytes of [gzipSync(archiveOf()), packageOf(), archiveOf({ layout: "oci" })]) {
    const store = await tempStore(t);
    const file = fileOf(t, bytes);
    const options = { store: store.root, maxUnpacked: 5000 };
    await rejectsWith(importFiles([file], options), "input", /unpacks to more than 5000 bytes/);
    assertEmpty(store);
  }
});

test("a flipped bit is found, or was in nothing that is used", async (t) => {
  const good = packageOf({ layout: "hybrid" });
  const file = join(tempDir(t), "package");
  const root = join(tempDir(t), "store");
  const next = seeded(5);
  let refused = 0;
  for (let i = 0; i < 60; i += 1) {
    writeFileSync(file, flip(good, next(good.length)));
    const error = await importFiles([file], { store: root }).catch((error: unknown) => error);
    if (error instanceof Error) {
      assert.ok(error instanceof AircrateError, error.stack);
      refused += 1;
    }
    const { problems } = await verifyStore(await openStore(root));
    assert.deepEqual(problems, []);
  }
  assert.ok(refused > 10, `${refused} of 60`);
});

test("what is no archive of images is told from one", async (t) => {
  const store = await tempStore(t);
  const none = packageOf({ payload: (files) => files.filter(({ path }) => !path.endsWith(".image")) });
  await rejectsWith(imported(store, fileOf(t, none)), "input", /holds no images/);
  await rejectsWith(imported(store, fileOf(t, Buffer.from("text"))), "input");
  assert.ok((await failure(imported(store, fileOf(t, archiveOf().subarray(0, 5000))))) instanceof AircrateError);
  assertEmpty(store);
  assert.equal(readFileSync(join(store.root, "index.json"), "utf8"), '{"schemaVersion":2,"manifests":[]}');
});
