import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { PageData } from "../../spec/page.ts";
import { type Aircrate, aircrateFor, decodeText, GALLERY } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";

interface Built {
  readonly aircrate: Aircrate;
  readonly file: string;
  readonly host: string;
}

test("report", async (t) => {
  const file = join(tempDir(t), "gallery.auterionos");
  const aircrate = aircrateFor(t);
  const registry = await demoRegistry(t);
  await aircrate.build([GALLERY, "-o", file, ...mirror(registry)]);
  const built = { aircrate, file, host: registry.host };
  await t.test("writes one page beside the file, the same wherever it lies", (t) => writesPage(t, built));
  await t.test("prints what the page shows", (t) => printsData(t, built));
  await t.test("takes the reference of an image", (t) => takesReference(t, built));
  await t.test("leaves no file when it fails", (t) => failsCleanly(t, built));
  await t.test("shows what can be read of a damaged package, and warns", (t) => showsDamaged(t, built));
});

async function writesPage(t: TestContext, { aircrate, file }: Built): Promise<void> {
  const { status, stdout, stderr } = await aircrate.run(["report", file]);
  const page = file.replace(/auterionos$/, "html");
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.match(stdout, /^\S+\/gallery\.html {2}\d+\.\d kB, 2\d files\n$/);

  const cwd = tempDir(t);
  copyFileSync(file, join(cwd, "gallery.auterionos"));
  const env = { TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8", SOURCE_DATE_EPOCH: "1" };
  const elsewhere = await aircrate.run(["report", "gallery.auterionos", "-q", "-o", "deep/page.html"], {
    cwd,
    umask: 0o077,
    env,
  });
  assert.deepEqual([elsewhere.status, elsewhere.stdout, elsewhere.stderr], [0, "", ""]);
  assert.deepEqual(readdirSync(join(cwd, "deep")), ["page.html"]);
  assert.equal(readFileSync(join(cwd, "deep/page.html"), "utf8"), readFileSync(page, "utf8"));
}

async function printsData(_: TestContext, { aircrate, file }: Built): Promise<void> {
  const data = decodeText(PageData, (await aircrate.run(["report", file, "--json"])).stdout);
  assert.deepEqual(
    data.images.map(({ name }) => name),
    ["camera-control", "gallery-service", "janitor"],
  );
  assert.deepEqual(data.faults, []);
  assert.equal(data.totals.file, readFileSync(file).length);
  assert.equal(
    data.totals.layers,
    data.layers.reduce((sum, { size }) => sum + size!, 0),
  );
  assert.ok(data.totals.layers < data.totals.file);
  const names = data.layers.flatMap(({ folders }) =>
    folders.flatMap(({ path, names }) => names.map((name) => `${path}/${name}`)),
  );
  assert.deepEqual(
    data.hidden.map(({ how, files }) => [how, ...files.map((number) => names[number])]),
    [["removed", "usr/share/doc/base/README"]],
  );
  const { stdout: html } = await aircrate.run(["report", file, "-o", "-"]);
  assert.deepEqual(
    JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/.exec(html)?.[1] ?? ""),
    data,
  );
}

async function takesReference(t: TestContext, { aircrate, host }: Built): Promise<void> {
  const cwd = tempDir(t);
  const reference = `${host}/arm64v8/busybox:1.36`;
  const { status, stdout, stderr } = await aircrate.run(["report", reference], { cwd });
  const name = `${host.replace(":", "-")}-arm64v8-busybox-1.36.html`;
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.ok(stdout.startsWith(`${name}  `), stdout);
  const again = await aircrate.run(["report", "--offline", reference, "-o", "again.html"], { cwd });
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(readdirSync(cwd).sort(), [name, "again.html"].sort());
  assert.equal(readFileSync(join(cwd, "again.html"), "utf8"), readFileSync(join(cwd, name), "utf8"));
}

async function failsCleanly(t: TestContext, { aircrate, file }: Built): Promise<void> {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, "folder"));
  writeFileSync(join(cwd, "text.auterionos"), "no package\n");
  const cases: readonly (readonly [args: readonly string[], status: number, says: RegExp])[] = [
    [[file, "-o", "folder"], 4, /folder: the file cannot be written/],
    [["nothing.auterionos"], 4, /nothing\.auterionos: no such file/],
    [["text.auterionos"], 3, /text\.auterionos: is a text/],
  ];
  for (const [args, status, says] of cases) {
    const done = await aircrate.run(["report", ...args], { cwd });
    assert.deepEqual({ status: done.status, stdout: done.stdout }, { status, stdout: "" }, done.stderr);
    assert.match(done.stderr, says);
  }
  assert.deepEqual(readdirSync(cwd).sort(), ["folder", "text.auterionos"]);
}

async function showsDamaged(t: TestContext, { aircrate, file }: Built): Promise<void> {
  const cwd = tempDir(t);
  const bytes = readFileSync(file);
  writeFileSync(join(cwd, "cut.auterionos"), bytes.subarray(0, bytes.length / 2));
  const { status, stderr } = await aircrate.run(["report", "cut.auterionos"], { cwd });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^warning: /);
  assert.match(readFileSync(join(cwd, "cut.html"), "utf8"), /"faults":\[\{/);
}
