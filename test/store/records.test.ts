import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, promises, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { digestOf, hex } from "../../lib/digest.ts";
import { blobFile, recordFile, type Store, writeBlob } from "../../lib/store/layout.ts";
import {
  findLayerTree,
  findPackedLayer,
  findPulledLayer,
  findReference,
  recordLayerTree,
  recordPackedLayer,
  recordPulledLayer,
  recordReference,
  referenceKey,
} from "../../lib/store/records.ts";
import { decodeJson } from "../../spec/decode.ts";
import { Index } from "../../spec/oci.ts";
import type { LayerRecord, LayerTree, ReferenceRecord } from "../../spec/store.ts";
import { tempDir } from "../support/cleanup.ts";
import { makeImage } from "../support/image-content.ts";
import { runOk, spawnGroup } from "../support/run.ts";
import { tempStore } from "../support/store.ts";
import { requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

const DIFF_ID = digestOf("plain");

async function layerIn(store: Store): Promise<LayerRecord> {
  const blob = await writeBlob(store, Buffer.from("packed"));
  return { version: 1, diffId: DIFF_ID, plainSize: 5, ...blob, crc: 7 };
}

const TREE: LayerTree = {
  version: 1,
  directories: [["a", "755", 0, 0]],
  symlinks: [["l", "a"]],
  files: "a/f\0__proto__",
  whiteouts: ["w"],
  opaque: [],
  accounts: { passwd: "root:x:0:0::/:\n" },
};

test("layers are found while their blob is there", async (t) => {
  const store = await tempStore(t);
  const layer = await layerIn(store);
  assert.equal(await findPulledLayer(store, layer.digest), undefined);
  await recordPulledLayer(store, layer.digest, layer);
  assert.deepEqual(await findPulledLayer(store, layer.digest), layer);
  assert.equal(await findPackedLayer(store, "rule-1", DIFF_ID), undefined);
  await recordPackedLayer(store, "rule-1", layer);
  assert.deepEqual(await findPackedLayer(store, "rule-1", DIFF_ID), layer);
  assert.equal(await findPackedLayer(store, "rule-2", DIFF_ID), undefined);
  writeFileSync(blobFile(store, layer.digest), "short");
  assert.equal(await findPulledLayer(store, layer.digest), undefined);
  rmSync(blobFile(store, layer.digest));
  assert.equal(await findPulledLayer(store, layer.digest), undefined);
  assert.equal(await findPackedLayer(store, "rule-1", DIFF_ID), undefined);
});

test("trees", async (t) => {
  const store = await tempStore(t);
  assert.equal(await findLayerTree(store, DIFF_ID), undefined);
  await recordLayerTree(store, DIFF_ID, TREE);
  assert.deepEqual(await findLayerTree(store, DIFF_ID), TREE);
});

test("a record that cannot be read is as good as none", async (t) => {
  const store = await tempStore(t);
  const layer = await layerIn(store);
  await recordPulledLayer(store, layer.digest, layer);
  const file = recordFile(store, "layers", `${hex(layer.digest)}.json`);
  const whole = readFileSync(file, "utf8");
  for (const text of [
    "",
    whole.slice(0, -1),
    "null",
    "[]",
    whole.replace('"version":1', '"version":2'),
    whole.replace('"crc":7', '"crc":-1'),
    whole.replace('"crc":7', '"crc":7,"more":1'),
    whole.replace("sha256:", "sha512:"),
    whole.replace("}", ',"__proto__":{}}'),
  ]) {
    assert.notEqual(text, whole);
    writeFileSync(file, text);
    assert.equal(await findPulledLayer(store, layer.digest), undefined, text);
  }
  rmSync(file);
  mkdirSync(file);
  assert.equal(await findPulledLayer(store, layer.digest), undefined);
});

function referenceTo(reference: string, manifest: { digest: string; size: number }): ReferenceRecord {
  return {
    version: 1,
    reference,
    platform: "linux/arm64",
    manifest: { mediaType: "application/vnd.oci.image.manifest.v1+json", ...manifest },
    found: { os: "linux", architecture: "arm64", variant: "v8" },
  };
}

function listed(store: Store): (string | undefined)[] {
  const index = decodeJson(Index, readFileSync(join(store.root, "index.json")));
  return index.manifests.map(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"]).sort();
}

test("a pinned reference is found by what another name of its repository stood for", async (t) => {
  const store = await tempStore(t);
  const descriptor = (text: string) => ({ mediaType: "x", digest: digestOf(text), size: text.length });
  const record: ReferenceRecord = {
    version: 1,
    reference: "localhost:5000/team/app:1.0",
    platform: "linux/arm64",
    index: descriptor("index"),
    manifest: descriptor("manifest"),
    found: { os: "linux", architecture: "arm64" },
  };
  await recordReference(store, record);
  for (const digest of [record.index!.digest, record.manifest.digest]) {
    for (const name of ["localhost:5000/team/app", "localhost:5000/team/app:2.0"]) {
      assert.deepEqual(await findReference(store, `${name}@${digest}`, "linux/arm64"), record);
      assert.equal(await findReference(store, `${name}@${digest}`, "linux/amd64"), undefined);
    }
    assert.equal(await findReference(store, `localhost:5000/team/other@${digest}`, "linux/arm64"), undefined);
  }
  assert.equal(await findReference(store, `localhost:5000/team/app@${digestOf("other")}`, "linux/arm64"), undefined);
  assert.equal(await findReference(store, "localhost:5000/team/app:2.0", "linux/arm64"), undefined);
});

test("references are kept per platform and listed in index.json", async (t) => {
  const store = await tempStore(t);
  const one = referenceTo("docker.io/library/a:1", { digest: digestOf("one"), size: 3 });
  const two = referenceTo("docker.io/library/a:1", { digest: digestOf("two"), size: 3 });
  await recordReference(store, one);
  assert.deepEqual(await findReference(store, one.reference, "linux/arm64"), one);
  assert.equal(await findReference(store, one.reference, "linux/amd64"), undefined);
  assert.equal(await findReference(store, "docker.io/library/a:2", "linux/arm64"), undefined);
  assert.deepEqual(listed(store), ["docker.io/library/a:1"]);

  await recordReference(store, two);
  assert.deepEqual(await findReference(store, one.reference, "linux/arm64"), two);
  assert.deepEqual(listed(store), ["docker.io/library/a:1"]);

  await recordReference(store, referenceTo("[::1]:5000/b:1", { digest: digestOf("b"), size: 1 }));
  await recordReference(store, { ...two, platform: "linux/amd64", found: { os: "linux", architecture: "amd64" } });
  assert.deepEqual(listed(store), ["[::1]:5000/b:1", "docker.io/library/a:1", "docker.io/library/a:1"]);
});

test("what is known already is not written again", async (t) => {
  const store = await tempStore(t);
  const record = referenceTo("docker.io/library/a:1", { digest: digestOf("one"), size: 3 });
  await recordReference(store, record);
  const untouched = `${readFileSync(join(store.root, "index.json"), "utf8")}\n`;
  writeFileSync(join(store.root, "index.json"), untouched);
  await recordReference(store, record);
  assert.equal(readFileSync(join(store.root, "index.json"), "utf8"), untouched);
});

test("what was recorded by a process that did not come to list it is listed", async (t) => {
  const store = await tempStore(t);
  const record = referenceTo("docker.io/library/a:1", { digest: digestOf("one"), size: 3 });
  const empty = readFileSync(join(store.root, "index.json"), "utf8");
  await recordReference(store, record);
  writeFileSync(join(store.root, "index.json"), empty);
  await recordReference(store, record);
  assert.deepEqual(listed(store), ["docker.io/library/a:1"]);
});

test("a damaged record among the references does not hide the others", async (t) => {
  const store = await tempStore(t);
  await recordReference(store, referenceTo("docker.io/library/a:1", { digest: digestOf("a"), size: 1 }));
  const [name] = readdirSync(recordFile(store, "references"));
  writeFileSync(recordFile(store, "references", name!), "{");
  writeFileSync(recordFile(store, "references", "README.txt"), "not ours");
  await recordReference(store, referenceTo("docker.io/library/b:1", { digest: digestOf("b"), size: 1 }));
  assert.deepEqual(listed(store), ["docker.io/library/b:1"]);
});

const RECORDER = `
const { openStore } = await import(process.argv[1] + "/layout.js");
const { recordReference } = await import(process.argv[1] + "/records.js");
const store = await openStore(process.argv[2]);
for (let i = 0; i < 20; i += 1) {
  const manifest = { mediaType: "m", digest: "sha256:" + String(i).padStart(64, "0"), size: i };
  const reference = "docker.io/" + process.argv[3] + "/a:" + i;
  await recordReference(store, { version: 1, reference, platform: "linux/arm64", manifest, found: { os: "linux", architecture: "arm64" } });
}
`;

test("processes that record at once never leave a broken list, and it is whole in the end", async (t) => {
  const store = await tempStore(t);
  const folder = new URL("../../lib/store", import.meta.url).href;
  const children = ["one", "two"].map((name) =>
    spawnGroup(process.execPath, ["--input-type=module", "-e", RECORDER, folder, store.root, name], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  const ends = Promise.all(children.map((child) => once(child, "exit")));
  let looks = 0;
  for (let running = true; running; looks += 1) {
    running = (await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, 2))])) === undefined;
    listed(store);
  }
  assert.deepEqual(await ends, [
    [0, null],
    [0, null],
  ]);
  assert.ok(looks > 3);
  assert.equal(listed(store).length, 40);
});

test("a reference that comes while the list is written is in it", async (t) => {
  const store = await tempStore(t);
  const late = referenceTo("docker.io/library/late:1", { digest: digestOf("late"), size: 1 });
  const { rename } = promises;
  let first = true;
  // Another process that has written its record, and its list, in between.
  t.mock.method(promises, "rename", async (from: string, to: string) => {
    if (first && to.endsWith("index.json")) {
      first = false;
      writeFileSync(
        recordFile(store, "references", `${referenceKey(late.reference, late.platform)}.json`),
        JSON.stringify(late),
      );
    }
    await rename(from, to);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await recordReference(store, referenceTo("docker.io/library/a:1", { digest: digestOf("a"), size: 1 }));
  assert.equal(first, false);
  assert.deepEqual(listed(store).sort(), ["docker.io/library/a:1", "docker.io/library/late:1"]);
});

test("skopeo and umoci read the store as the image layout that it is", async (t) => {
  if (!requireTool(t, "skopeo", "umoci")) return;
  const store = await tempStore(t);
  const image = makeImage({
    platform: { os: "linux", architecture: "arm64", variant: "v8" },
    layers: [tarOf([{ path: "etc/" }, { path: "etc/name", data: "arm64" }])],
  });
  for (const blob of image.blobs.values()) await writeBlob(store, blob as Uint8Array);
  const manifest = await writeBlob(store, image.root.bytes);
  for (const name of ["docker.io/library/a:1", "docker.io/library/b:latest"]) {
    await recordReference(store, referenceTo(name, manifest));
  }
  const dir = tempDir(t);
  const env = { HOME: dir, XDG_RUNTIME_DIR: dir };
  const skopeo = (...args: string[]) =>
    runOk("skopeo", ["--insecure-policy", "--override-os=linux", "--override-arch=arm64", ...args], { env });
  const source = `oci:${store.root}:docker.io/library/b:latest`;
  const seen = JSON.parse(await skopeo("inspect", source));
  assert.deepEqual([seen.Architecture, seen.Digest, seen.Layers.length], ["arm64", manifest.digest, 1]);
  await skopeo("copy", source, `dir:${join(dir, "copy")}`);
  assert.deepEqual(
    JSON.parse(readFileSync(join(dir, "copy/manifest.json"), "utf8")),
    JSON.parse(String(image.root.bytes)),
  );
  const tags = await runOk("umoci", ["list", "--layout", store.root]);
  assert.deepEqual(tags.trim().split("\n").sort(), ["docker.io/library/a:1", "docker.io/library/b:latest"]);
});
