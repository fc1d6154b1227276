import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Inspection } from "../../spec/inspection.ts";
import type { BuildReport } from "../../spec/report.ts";
import { type Aircrate, aircrateFor, decodeText, GALLERY } from "../support/aircrate.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";

async function built(t: TestContext, format: BuildReport["format"]): Promise<[Aircrate, BuildReport]> {
  const registry = await demoRegistry(t);
  const aircrate = aircrateFor(t);
  const file = join(tempDir(t), "gallery");
  return [aircrate, await aircrate.build([GALLERY, "-o", file, "--format", format, ...mirror(registry)])];
}

for (const format of ["auterionos", "docker-archive", "oci"] as const) {
  test(`what build makes as ${format}, verify accepts and inspect describes`, async (t) => {
    const [aircrate, report] = await built(t, format);
    const verified = await aircrate.run(["verify", report.file]);
    assert.equal(verified.status, 0, verified.stderr);
    // A layout without manifest.json is what was asked for; not every engine loads one.
    assert.match(verified.stderr, format === "oci" ? /^warning: archive: has no manifest\.json: .*\n$/ : /^$/);
    assert.match(verified.stdout, new RegExp(`^${report.file}: ok \\(.*\\)\n$`));

    const inspected = await aircrate.run(["inspect", report.file, "--json"]);
    assert.equal(inspected.status, 0, inspected.stderr);
    assert.equal(inspected.stderr, "");
    const { images, app, artifact } = decodeText(Inspection, inspected.stdout);
    const wanted = report.images.map(({ tags, layers }) => [tags, layers.map(({ diffId }) => diffId)]);
    assert.deepEqual(
      images.map(({ tags, layers }) => [tags, layers.map(({ diffId }) => diffId)]),
      wanted,
    );
    assert.deepEqual(app?.launchOrder, format === "auterionos" ? report.app?.launchOrder : undefined);
    assert.deepEqual(artifact?.deviceTypes, format === "auterionos" ? report.app?.deviceTypes : undefined);
  });
}

test("a file that is not as it was built is named by verify, with status 6", async (t) => {
  const [aircrate, { file, size }] = await built(t, "auterionos");
  const whole = readFileSync(file);
  const spoiled = join(tempDir(t), "spoiled.auterionos");
  const refused = async (bytes: Buffer, what: string) => {
    writeFileSync(spoiled, bytes);
    const { status, stdout, stderr } = await aircrate.run(["verify", spoiled]);
    assert.equal(status, 6, `${what}: ${stdout}${stderr}`);
    assert.equal(stdout, "");
    const lines = stderr.split("\n").filter((line) => !line.startsWith("warning: "));
    assert.match(lines[0]!, new RegExp(`^aircrate: ${spoiled}: verify found (a problem|[0-9]+ problems)$`));
    assert.match(lines[1]!, /^ {2}\S.*: /, "what is wrong, and where");
    assert.doesNotMatch(stderr, /^\s+at /m);
  };
  for (const part of [0.05, 0.3, 0.5, 0.7, 0.95]) {
    const bytes = Buffer.from(whole);
    bytes[Math.floor(part * size)]! ^= 1;
    await refused(bytes, `a bit at ${part}`);
  }
  for (const part of [0.2, 0.6, 0.97]) await refused(whole.subarray(0, Math.floor(part * size)), `cut at ${part}`);
});

test("what is not there has status 4, what is something else status 3", async (t) => {
  const cwd = tempDir(t);
  const aircrate = aircrateFor(t, { cwd });
  writeFileSync(join(cwd, "text"), "no archive\n");
  writeFileSync(join(cwd, "empty"), "");
  for (const command of ["inspect", "verify"]) {
    for (const [name, status] of [
      ["gone", 4],
      ["text", 3],
      ["empty", 3],
    ] as const) {
      const done = await aircrate.run([command, name]);
      assert.equal(done.status, status, done.stderr);
      assert.match(done.stderr, new RegExp(`^aircrate: ${name}: .+\n`));
      assert.equal(done.stdout, "");
    }
    assert.equal((await aircrate.run([command])).status, 2);
  }
});
