import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type Aircrate, aircrateFor } from "../../support/aircrate.ts";
import { sha256Of } from "../../support/artifact.ts";
import { tempDir } from "../../support/cleanup.ts";
import { manifestOf, writeFiles } from "../../support/project.ts";
import { registryWith } from "../../support/registries.ts";
import { CASES, type Case, isLayer } from "./cases.ts";
import { IMAGE } from "./image.ts";

/** A project on the base; the reference is the same wherever the registry listens. */
function writeProject(t: TestContext): string {
  return writeFiles(tempDir(t), {
    "auterion-app.yml": manifestOf(),
    "one/Dockerfile": "FROM registry.example/base:1\nCOPY Dockerfile /\n",
  });
}

async function imageRegistry(t: TestContext) {
  const registry = await registryWith(t);
  registry.addImage("base", "1", IMAGE);
  return registry;
}

/** What a build without faults gives. */
let expected: Promise<string> | undefined;

async function build(aircrate: Aircrate, host: string, { dir, file, args = [] }: BuildPlace) {
  return aircrate.run(["build", dir, "-o", file, "--mirror", `registry.example=${host}`, ...args]);
}

interface BuildPlace {
  readonly dir: string;
  readonly file: string;
  readonly args?: readonly string[];
}

async function cleanBuild(t: TestContext): Promise<string> {
  const [dir, registry] = [writeProject(t), await imageRegistry(t)];
  const file = join(tempDir(t), "out.auterionos");
  const { status, stderr } = await build(aircrateFor(t), registry.host, { dir, file });
  assert.equal(status, 0, stderr);
  return sha256Of(file);
}

async function check(t: TestContext, { fault, status, says = [], ...one }: Case): Promise<void> {
  expected ??= cleanBuild(t);
  const sha256 = await expected;
  const [registry, other] = [await imageRegistry(t), await imageRegistry(t)];
  registry.setFault(fault(other));
  const aircrate = aircrateFor(t);
  const dir = writeProject(t);
  const file = join(tempDir(t), "out.auterionos");
  const done = await build(aircrate, registry.host, { dir, file, ...(one.args && { args: one.args }) });
  assert.equal(done.status, status, done.stderr);
  for (const pattern of says) assert.match(done.stderr, pattern);
  assert.doesNotMatch(done.stderr, /hunter2|^\s+at /m);
  const asked = registry.requests.filter(isLayer).map((request) => `${request.status} ${request.range ?? "all"}`);
  if (one.layer !== undefined) assert.deepEqual(asked, one.layer);
  if (one.times !== undefined) {
    const spoiled = registry.requests.filter((request) => request.kind !== "ping" && !isLayer(request));
    assert.equal(Math.max(...spoiled.map(({ attempt }) => attempt)), one.times);
  }
  // Progress may stand before it.
  if (status !== 0) assert.match(done.stderr, /^aircrate: registry\.example\/base:1: /m);
  await assertClean(aircrate);

  // Whatever happened, it does no harm to the next build.
  if (status !== 0) {
    registry.setFault(undefined);
    const again = await build(aircrate, registry.host, { dir, file });
    assert.equal(again.status, 0, again.stderr);
  }
  assert.equal(await sha256Of(file), sha256);
}

async function assertClean(aircrate: Aircrate): Promise<void> {
  const { status, stdout, stderr } = await aircrate.run(["store", "verify"]);
  assert.equal(status, 0, stdout + stderr);
}

describe("a registry on a bad day", { concurrency: 4 }, () => {
  for (const one of CASES) test(`${one.status}: ${one.name}`, (t) => check(t, one));
});

test("no two cases have one name, and there are many", () => {
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  assert.ok(CASES.length >= 40);
});
