import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Contents, type ContentsOptions, readContents } from "../../lib/contents/contents.ts";
import { digestOf } from "../../lib/digest.ts";
import type { BuildEvent, OnEvent } from "../../lib/events.ts";
import { inspectFile } from "../../lib/inspect/inspect.ts";
import { blobFile, openStore } from "../../lib/store/layout.ts";
import { decode } from "../../spec/decode.ts";
import { Inspection } from "../../spec/inspection.ts";
import { localImages } from "../local/images.ts";
import { tempDir } from "../support/cleanup.ts";
import { rejectsWith } from "../support/faults.ts";
import { generatedBusybox } from "../support/generated-base.ts";
import { layoutFiles, writeLayout } from "../support/image-layout.ts";
import { registryWith } from "../support/registries.ts";
import { tarOf } from "../support/ustar.ts";
import { archiveOf, BASE, CAMERA, GALLERY, type Layout, sha256, without } from "../verify/sample-archive.ts";

/** The lists by diffID, an entry on a line. */
function listsOf({ layers }: Contents): Record<string, string[]> {
  const lines = [...layers].map(([diffId, { entries, truncated, fault }]) => {
    assert.deepEqual({ truncated, fault }, { truncated: false, fault: undefined });
    return [diffId, entries.map(({ kind, path, size, link }) => [kind, path, size, ...(link ? [link] : [])].join(" "))];
  });
  return Object.fromEntries(lines);
}

const LISTS = {
  [digestOf(BASE)]: [
    "directory bin 0",
    "file bin/sh 4000",
    "hardlink bin/ash 0 bin/sh",
    "directory etc 0",
    "file etc/passwd 30",
  ],
  [digestOf(CAMERA)]: ["directory app 0", "file app/main.py 16"],
  [digestOf(GALLERY)]: ["directory app 0", "file app/main.py 1700"],
};

function optionsIn(t: TestContext): ContentsOptions {
  return { store: join(tempDir(t), "store") };
}

async function contentsOf(t: TestContext, bytes: Uint8Array): Promise<Contents> {
  const file = join(tempDir(t), "file.tar");
  writeFileSync(file, bytes);
  return readContents(file, optionsIn(t));
}

for (const layout of ["hybrid", "hybrid-gzip", "flat", "legacy", "crane", "oci"] satisfies Layout[]) {
  test(`${layout}: the files of all layers are listed, in one reading with the inspection`, async (t) => {
    const contents = await contentsOf(t, archiveOf({ layout }));
    assert.deepEqual(listsOf(contents), LISTS);
    assert.deepEqual(contents.inspection, await inspectFile(contents.name));
    assert.deepEqual(
      contents.images.map(({ config }) => config.value.config?.WorkingDir),
      ["/app", "/app"],
    );
  });
}

test("to read a file is a step", async (t) => {
  const name = join(tempDir(t), "file.tar");
  writeFileSync(name, archiveOf({ layout: "flat" }));
  const events: BuildEvent[] = [];
  await readContents(name, { ...optionsIn(t), onEvent: (event) => void events.push(event) });
  const step = { work: "read", name };
  assert.deepEqual(events, [
    { kind: "step-start", step },
    { kind: "step-end", step },
  ]);
});

test("a layer that is not there, or not what the config says, is not listed", async (t) => {
  const { [digestOf(CAMERA)]: _, ...others } = LISTS;
  const missing = archiveOf({ layout: "flat", archive: (entries) => without(entries, `${sha256(CAMERA)}.tar`) });
  assert.deepEqual(listsOf(await contentsOf(t, missing)), others);
  const wrong = archiveOf({
    images: ([camera, gallery]) => {
      camera!.config.rootfs.diff_ids[1] = digestOf("another");
      return [camera!, gallery!];
    },
  });
  assert.deepEqual(listsOf(await contentsOf(t, wrong)), others);
});

test("an image of a registry is listed as the file that it is saved to, and without the registry the second time", async (t) => {
  const image = generatedBusybox();
  const registry = await registryWith(t);
  registry.addImage("team/busybox", "1", image);
  registry.addImage("team/a-busybox-with-a-longer-name", "1", image);
  const layout = writeLayout(join(tempDir(t), "layout.tar"), layoutFiles([{ image }]));
  const options = optionsIn(t);
  const expected = await readContents(layout, options);
  const name = `${registry.host}/team/busybox:1`;
  const contents = await readContents(name, options);
  assert.deepEqual(listsOf(contents), listsOf(expected));
  const inspection = decode(Inspection, contents.inspection);
  const { layers, layersApart } = expected.inspection.totals;
  assert.deepEqual(
    { ...inspection, images: [{ ...inspection.images[0]!, tags: [] }] },
    {
      ...{ file: name, kind: "image", form: "store", images: expected.inspection.images, faults: [] },
      totals: { file: inspection.totals.file, layers, layersApart },
    },
  );
  assert.deepEqual(inspection.images[0]!.tags, [name]);
  const longer = await readContents(`${registry.host}/team/a-busybox-with-a-longer-name:1`, options);
  assert.equal(longer.inspection.totals.file, inspection.totals.file);
  await registry.close();
  assert.deepEqual(await readContents(name, { ...options, offline: true }), contents);

  const { digest } = inspection.images[0]!.layers[0]!;
  const { root } = await openStore(options.store);
  rmSync(blobFile({ root }, digest!));
  await rejectsWith(readContents(name, { ...options, offline: true }), "refused", /the image is not in the store/);
});

test("a local image is listed without any registry", async (t) => {
  const { store, build } = await localImages(t);
  await build("app:1", "FROM scratch\nCOPY one /opt/one\n");
  const options = { store: store.root };
  const [list] = Object.values(listsOf(await readContents("app:1", options)));
  assert.deepEqual(list, ["directory opt 0", "file opt/one 2"]);
});

test("a damaged blob of the store is set aside and told", async (t) => {
  const { store, build } = await localImages(t);
  const { layers } = await build("app:1", "FROM scratch\nCOPY one /opt/one\n");
  const blob = blobFile(store, layers[0]!.digest);
  writeFileSync(blob, Buffer.alloc(layers[0]!.size, 1));
  await rejectsWith(readContents("app:1", { store: store.root }), "integrity", /a blob in the store is damaged/);
});

test("what is no file is a reference, but for what can be nothing else than a file", async (t) => {
  const dir = tempDir(t);
  const options: ContentsOptions = { store: join(dir, "store"), offline: true };
  for (const name of ["./app", "../app", join(dir, "app"), "app.auterionos", "build/x.tar", "x.tar.gz", "..\\x"]) {
    await rejectsWith(readContents(name, options), "unreachable", /no such file\n/);
  }
  await rejectsWith(readContents("No Such", options), "unreachable", /No Such: no such file, and no image reference/);
  await assert.rejects(readContents("app", options), {
    fault: "refused",
    where: "docker.io/library/app:latest",
    reason: ["the store lacks its manifest", "there is no file app either"],
  });
  // A folder counts as a file.
  mkdirSync(join(dir, "folder"));
  await rejectsWith(readContents(join(dir, "folder"), options), "input", /neither manifest.json nor index.json/);
});

test("reading is a step", async (t) => {
  const { store, build } = await localImages(t);
  await build("app:1", "FROM scratch\nCOPY one /opt/one\n");
  const file = join(tempDir(t), "file.tar");
  writeFileSync(file, archiveOf());
  for (const name of [file, "app:1"]) {
    const steps: string[] = [];
    const onEvent: OnEvent = (event) => {
      if (event.kind === "step-start" || event.kind === "step-end") {
        steps.push(`${event.kind} ${event.step.work} ${event.step.name}`);
      }
    };
    await readContents(name, { store: store.root, onEvent });
    assert.deepEqual(steps.slice(-2), [`step-start read ${name}`, `step-end read ${name}`]);
  }
});

test("a signal stops the reading", async (t) => {
  const file = join(tempDir(t), "file.tar");
  writeFileSync(file, tarOf([{ path: "manifest.json", data: "[]" }]));
  const reason = new Error("stopped");
  const options = { ...optionsIn(t), signal: AbortSignal.abort(reason) };
  await assert.rejects(readContents(file, options), reason);
});
