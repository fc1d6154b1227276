import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { aircrateFor, GALLERY } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { demoRegistry } from "../support/demo-registry.ts";
import { writeFiles } from "../support/project.ts";
import { startRegistry } from "../support/registry.ts";
import { runOk } from "../support/run.ts";
import { registryFor } from "../support/seed.ts";
import { requireTool } from "../support/tools.ts";

test("a pull-through cache is filled by a build, serves the next one alone, and may be missing", async (t) => {
  const origin = await registryFor(t);
  if (origin === undefined) return;
  const storage = join(tempDir(t), "storage");
  const cache = await startRegistry({ dir: tempDir(t), storage, proxy: origin.url });
  onCleanup(t, cache.stop);
  const base = `${origin.host}/arm64v8/python:3.11-slim`;
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": `registries:
  ${origin.host}/arm64v8: { mirrors: ["${cache.host}"] }
images:
  app: { from: "${base}", layers: [{ copy: [{ from: main.py, to: /app/main.py }] }] }
`,
    "main.py": "print(1)\n",
  });
  const aircrate = aircrateFor(t);
  const place = tempDir(t);
  const build = async (name: string) => {
    const { warnings } = await aircrate.build([dir, "-o", join(place, name)], { store: join(place, `store-${name}`) });
    return { warnings, sha256: await sha256Of(join(place, name)) };
  };

  const first = await build("filling");
  assert.deepEqual(first.warnings, []);
  assert.match(cache.log(), /"GET \/v2\/arm64v8\/python\/manifests\/3\.11-slim [^\n]*aircrate\//);
  assert.doesNotMatch(origin.log(), /aircrate\//, "only the cache asked");

  // The cache stores what it has passed on after it has passed it on: a manifest, a config and three layers.
  for (const end = Date.now() + 20_000; blobsIn(storage) < 5; await sleep(20)) assert.ok(Date.now() < end, cache.log());
  await origin.stop();
  assert.deepEqual(await build("cached"), first);

  await cache.stop();
  const neither = await aircrate.run(["build", dir, "-o", join(place, "x")], { store: join(place, "store-x") });
  assert.equal(neither.status, 4);
  const [what, ...why] = neither.stderr.split("\n");
  assert.equal(what, `aircrate: ${base}: ${origin.host} cannot be reached`);
  assert.match(why.join("\n"), new RegExp(`^ {2}mirror ${cache.host}: cannot be reached: .*ECONNREFUSED`, "m"));

  const again = { dir: tempDir(t), storage: origin.seed.storage, readonly: true };
  const revived = await startRegistry({ ...again, port: Number(origin.host.split(":")[1]) });
  onCleanup(t, revived.stop);
  const { warnings, sha256 } = await build("fallen-back");
  assert.equal(sha256, first.sha256);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, new RegExp(`^mirror ${cache.host} was passed over: cannot be reached: .*ECONNREFUSED`));
});

function blobsIn(storage: string): number {
  const files = readdirSync(storage, { recursive: true, encoding: "utf8" });
  return files.filter((file) => /\/blobs\/sha256\/..\/[0-9a-f]{64}\/data$/.test(file)).length;
}

test("the user's own file counts for every project, and plan shows it", async (t) => {
  const registry = await demoRegistry(t);
  const config = writeFiles(tempDir(t), {
    "aircrate/registries.yml": `registries:\n  docker.io: { mirrors: ["${registry.host}"], fallback: false }\n`,
  });
  const aircrate = aircrateFor(t, { env: { XDG_CONFIG_HOME: config } });
  await aircrate.build([GALLERY, "-o", join(tempDir(t), "out")]);
  assert.ok(registry.requests.some(({ kind }) => kind === "blob"));
  const { status, stdout } = await aircrate.run(["plan", GALLERY]);
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`^ {4}asks ${registry.host}/arm64v8/python$`, "m"));

  writeFiles(config, { "aircrate/registries.yml": "registries:\n  docker.io: { mirror: [a] }\n" });
  for (const command of ["plan", "build"]) {
    const { status, stderr } = await aircrate.run([command, GALLERY]);
    assert.equal(status, 3);
    assert.match(stderr, /aircrate\/registries\.yml:2: unknown key `mirror`: did you mean `mirrors`\?/);
  }
});

test("an image of Docker's schema 1 is refused with what to do", async (t) => {
  const seeded = await registryFor(t);
  if (seeded === undefined || !requireTool(t, "skopeo")) return;
  const registry = await startRegistry({ dir: tempDir(t), schema1: true });
  onCleanup(t, registry.stop);
  const [from, to] = [`docker://${seeded.host}/arm64v8/python:3.11-slim`, `docker://${registry.host}/old:1`];
  const plain = ["--src-tls-verify=false", "--dest-tls-verify=false", "--insecure-policy"];
  await runOk("skopeo", ["copy", ...plain, "--format", "v2s1", from, to]);
  const dir = writeFiles(tempDir(t), { "aircrate.yml": `images:\n  app: { from: "${registry.host}/old:1" }\n` });
  const { status, stderr } = await aircrateFor(t).run(["build", dir]);
  assert.equal(status, 3);
  assert.match(
    stderr,
    /old:1: the image has a manifest of Docker's schema 1, which is not supported\n {2}-> .*skopeo copy/,
  );
});
