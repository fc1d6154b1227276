import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { CheckReport } from "../../spec/check.ts";
import { aircrateFor, copyGallery, decodeText } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { generatedBase } from "../support/generated-base.ts";
import { manifestOf, writeFiles } from "../support/project.ts";

const DOCKERFILE = { "one/Dockerfile": "FROM scratch\nCOPY Dockerfile /\n" };

test("the example is clean; nothing is asked, written or made", async (t) => {
  const dir = copyGallery(t);
  const aircrate = aircrateFor(t, { store: join(tempDir(t), "store") });
  const { status, stdout, stderr } = await aircrate.run(["check", dir, "--strict"]);
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${dir}: ok\n`, stderr: "" });
  assert.equal(existsSync(aircrate.store), false);
  assert.equal(existsSync(join(dir, "build")), false);
});

test("warnings are told with number, place and what to do; --strict makes them problems", async (t) => {
  const dir = writeFiles(tempDir(t), { ...DOCKERFILE, "auterion-app.yml": manifestOf() });
  const aircrate = aircrateFor(t, { cwd: dir });
  const lax = await aircrate.run(["check"]);
  assert.equal(lax.status, 0);
  assert.equal(lax.stderr, "");
  const [first, hint, ...rest] = lax.stdout.split("\n");
  assert.match(first!, /^auterion-app\.yml:8: warning AC009: the log of `one` grows without limit /);
  assert.match(hint!, /^ {2}-> below compose-override\.services\.one: logging: /);
  assert.deepEqual(rest, [".: 1 warning", ""]);

  const strict = await aircrate.run(["check", "--strict"]);
  assert.equal(strict.status, 3);
  assert.match(strict.stdout, /^auterion-app\.yml:8: problem AC009: /);
  assert.equal(strict.stderr, "aircrate: .: check found 1 problem\n");

  const json = await aircrate.run(["check", "--strict", "--json"]);
  assert.equal(json.status, 3);
  const report = decodeText(CheckReport, json.stdout);
  assert.deepEqual(
    report.findings.map(({ severity, code, where }) => [severity, code, where]),
    [["problem", "AC009", "auterion-app.yml:8"]],
  );
});

test("build --strict builds nothing where check finds something, and builds where it does not", async (t) => {
  const dir = writeFiles(tempDir(t), { ...DOCKERFILE, "auterion-app.yml": manifestOf() });
  const aircrate = aircrateFor(t, { cwd: dir });
  const refused = await aircrate.run(["build", "--strict"]);
  assert.equal(refused.status, 3);
  assert.equal(refused.stdout, "");
  assert.match(refused.stderr, /^aircrate: \.: check found 1 problem\n {2}auterion-app\.yml:8: problem AC009: /);
  assert.equal(existsSync(join(dir, "build")), false);
  assert.equal((await aircrate.run(["build"])).status, 0);
});

test("the layers of a base count where the store knows them, not its name", async (t) => {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const project = (base: string, from: string) =>
    writeFiles(tempDir(t), {
      "auterion-app.yml": manifestOf().replace("auterion-app-base: none", `auterion-app-base: ${base}`),
      "one/Dockerfile": `FROM ${from}\nCOPY Dockerfile /\n`,
    });
  const codes = async (dir: string) => {
    const { stdout } = await aircrate.run(["check", dir, "--json"]);
    return decodeText(CheckReport, stdout).findings.flatMap(({ code }) => (code === "AC009" ? [] : [code]));
  };
  const python = "arm64v8/python:3.11-slim";
  const copied = project("v2", python);
  assert.deepEqual(await codes(copied), ["AC006"], "nothing is known of either");
  // The same image under the name of Auterion's base.
  const bases = writeFiles(tempDir(t), {
    "aircrate.yml": `images:\n  a: {from: "${python}"}\n  b: {from: "auterion/app-base:v2"}\n`,
  });
  registry.addImage("auterion/app-base", "v2", generatedBase());
  await aircrate.build([bases, "-o", join(tempDir(t), "out"), ...mirror(registry)]);
  // Looking is no use: what nobody builds with goes when the store is pruned.
  const blobs = join(aircrate.store, "blobs/sha256");
  const times = () => readdirSync(blobs).map((name) => statSync(join(blobs, name)).mtimeMs);
  for (const name of readdirSync(blobs)) utimesSync(join(blobs, name), 1_000_000, 1_000_000);
  assert.deepEqual(await codes(copied), []);
  assert.deepEqual(new Set(times()), new Set([1_000_000_000]));
  assert.deepEqual(await codes(project("none", python)), ["AC007"]);
  assert.deepEqual(await codes(project("none", "arm64v8/busybox:1.36")), []);
});

test("schema prints one JSON document for each file", async (t) => {
  const aircrate = aircrateFor(t);
  for (const [args, title] of [
    [["schema"], "auterion-app.yml"],
    [["schema", "auterion-app"], "auterion-app.yml"],
    [["schema", "aircrate"], "aircrate.yml"],
  ] as const) {
    const { status, stdout, stderr } = await aircrate.run(args);
    assert.deepEqual([status, stderr], [0, ""]);
    const schema = JSON.parse(stdout);
    assert.deepEqual([schema.title, schema.$schema], [title, "http://json-schema.org/draft-07/schema#"]);
  }
  assert.equal((await aircrate.run(["schema", "other"])).status, 2);
});
