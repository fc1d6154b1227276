import assert from "node:assert/strict";
import test from "node:test";
import { pageData } from "../../lib/page/data.ts";
import { decode } from "../../spec/decode.ts";
import type { InspectedLayer, Inspection } from "../../spec/inspection.ts";
import { PageData } from "../../spec/page.ts";
import { layer, packageOf, paths } from "./package.ts";

const BASE = layer("base", { bin: ["directory"], "bin/sh": "a shell", "bin/ash": ["hardlink"], motd: "hello" });
const ONE = layer("one", { "app/main.py": "one", "app/lib/a.py": "library", tmp: ["directory"] });
const TWO = layer("two", { "app/main.py": "two!", "bin/sh.old": "a shell" });
const APP = { "one:1": [BASE, ONE], "two:1": [BASE, TWO] };

test("every file of each layer is there once, and the sums add up", () => {
  const data = pageData(packageOf(APP));
  assert.deepEqual(decode(PageData, structuredClone(data)), data);
  assert.deepEqual(paths(data), [
    "0:bin/sh",
    "0:motd",
    "1:app/main.py",
    "1:app/lib/a.py",
    "2:app/main.py",
    "2:bin/sh.old",
  ]);
  assert.deepEqual(
    data.layers.map(({ createdBy, users, size, content, others }) => ({ createdBy, users, size, content, others })),
    [
      { createdBy: "COPY base", users: [0, 1], size: 1000, content: 12, others: 1 },
      { createdBy: "COPY one", users: [0], size: 1000, content: 10, others: 0 },
      { createdBy: "COPY two", users: [1], size: 1000, content: 11, others: 0 },
    ],
  );
  assert.deepEqual(data.images, [
    { name: "one:1", tags: ["one:1"], layers: [0, 1] },
    { name: "two:1", tags: ["two:1"], layers: [0, 2] },
  ]);
  assert.deepEqual(data.totals, {
    ...{ file: 12_345, layers: 3000, layersApart: 4000 },
    ...{ content: 33, files: 6, duplicated: 7, hidden: 0 },
  });
  const sizes = data.layers.flatMap(({ folders }) => folders.flatMap((folder) => folder.sizes));
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    data.totals.content,
  );
});

test("the page does not tell where the file lies, and names services by the manifest", () => {
  const data = pageData(
    packageOf(APP, (inspection) => ({
      ...inspection,
      app: {
        ...{ slug: "com.example.app", version: "1.0", author: "com.example", targets: ["skynode"] },
        services: [{ name: "camera", image: 1, dependsOn: [] }],
        launchOrder: [["camera"]],
      },
    })),
  );
  assert.equal(data.name, "app.auterionos");
  assert.deepEqual(data.app, { slug: "com.example.app", version: "1.0", launchOrder: [["camera"]] });
  assert.deepEqual(
    data.images.map(({ name }) => name),
    ["one:1", "camera"],
  );
});

test("files with the same content are named with the most costly first; empty ones and links cost nothing", () => {
  const data = pageData(
    packageOf({
      "one:1": [
        layer("a", { a: "1234", b: "1234", c: "1234", empty: "", "empty too": "" }),
        layer("b", { d: "1234567890", e: ["hardlink"] }),
        layer("c", { f: "1234567890", g: "unique" }),
      ],
    }),
  );
  const all = paths(data);
  assert.deepEqual(
    data.duplicates.map(({ size, files }) => ({ size, files: files.map((number) => all[number]) })),
    [
      { size: 10, files: ["1:d", "2:f"] },
      { size: 4, files: ["0:a", "0:b", "0:c"] },
    ],
  );
  assert.equal(data.totals.duplicated, 18);
});

test("a layer that a thin package leaves out weighs nothing", () => {
  const { layers, totals } = pageData(
    packageOf(APP, (inspection) =>
      changeLayers(inspection, (layer) =>
        layer.createdBy === "COPY base" ? { ...without(layer), missing: true, from: "device" } : layer,
      ),
    ),
  );
  assert.deepEqual(
    layers.map(({ size, missing, from }) => [size, missing, from]),
    [
      [undefined, true, "device"],
      [1000, undefined, undefined],
      [1000, undefined, undefined],
    ],
  );
  assert.deepEqual([totals.layers, totals.layersApart], [2000, 2000]);
});

test("what a layer takes of the file is not guessed where it is packed as a whole", () => {
  const archive = (form: Inspection["form"]) =>
    pageData(
      packageOf(APP, (inspection) => ({
        ...changeLayers(inspection, ({ packedSize: _, ...layer }) => layer),
        ...{ kind: "docker-archive", form },
      })),
    );
  assert.deepEqual(
    archive("tar+gzip").layers.map(({ size }) => size),
    [undefined, undefined, undefined],
  );
  assert.ok(!("layers" in archive("tar+gzip").totals));
  assert.equal(archive("tar").totals.layers, 15_000);
});

test("what could not be read is told, of layers too", () => {
  const contents = packageOf(APP);
  const faulty = { entries: ONE.entries, truncated: true, fault: "it ends in the middle" };
  const data = pageData({
    ...contents,
    layers: new Map([...contents.layers].map(([id, is], i) => [id, i === 1 ? faulty : is])),
  });
  assert.deepEqual(data.faults, [{ where: "layer 2", message: "it ends in the middle" }]);
  assert.deepEqual(
    data.layers.map(({ truncated }) => truncated),
    [undefined, true, undefined],
  );
});

test("a layer without a list is not shown as an empty one", () => {
  const contents = packageOf(APP, (inspection) =>
    changeLayers(inspection, (layer) =>
      layer.createdBy === "COPY one" ? { ...layer, encoding: "zstd" } : { ...layer, encoding: "gzip", plainSize: 9 },
    ),
  );
  const { faults } = pageData({ ...contents, layers: new Map() });
  assert.deepEqual(faults, [
    { where: "layer 1", message: "its files are not listed: it is not what the config says" },
    { where: "layer 2", message: "its files are not listed: it is packed with zstd, which is not read here" },
    { where: "layer 3", message: "its files are not listed: it is not what the config says" },
  ]);
});

function changeLayers(inspection: Inspection, change: (layer: InspectedLayer) => InspectedLayer): Inspection {
  const images = inspection.images.map((image) => ({ ...image, layers: image.layers.map(change) }));
  return { ...inspection, images };
}

function without({ size: _, packedSize: __, ...layer }: InspectedLayer): InspectedLayer {
  return layer;
}
