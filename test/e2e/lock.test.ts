import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Lock } from "../../spec/lock.ts";
import { LockReport } from "../../spec/lock-report.ts";
import { aircrateFor, copyGallery, decodeText } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { makeImage } from "../support/image-content.ts";
import { writeFiles } from "../support/project.ts";
import { registryFor } from "../support/seed.ts";
import type { SeededImage } from "../support/seed-images.ts";
import { tarOf } from "../support/ustar.ts";

const BUSYBOX = "docker.io/arm64v8/busybox:1.36";
const PYTHON = "docker.io/arm64v8/python:3.11-slim";

async function lockedGallery(t: TestContext) {
  const registry = await demoRegistry(t);
  const dir = copyGallery(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const file = join(dir, "aircrate.lock");
  const run = (...args: string[]) => aircrate.run([...args, ...mirror(registry)]);
  const build = async (name: string, ...more: string[]) => {
    const out = join(tempDir(t), name);
    const { status, stderr } = await run("build", "-o", out, ...more);
    assert.equal(status, 0, stderr);
    return { sum: await sha256Of(out), stderr };
  };
  const locked = await run("lock");
  assert.equal(locked.status, 0, locked.stderr);
  const moveBusybox = () => {
    const layers = [tarOf([{ path: "bin/" }, { path: "bin/moved", data: "moved" }])];
    registry.addImage(
      "arm64v8/busybox",
      "1.36",
      makeImage({ platform: { os: "linux", architecture: "arm64" }, layers }),
    );
  };
  return { registry, dir, file, aircrate, run, build, moveBusybox };
}

test("a tag that moves: the lock keeps the build as it was, without it the build changes", async (t) => {
  const { run, build, file, moveBusybox, registry } = await lockedGallery(t);
  const first = await build("first");
  moveBusybox();
  registry.clearRequests();
  assert.equal((await build("locked", "--locked")).sum, first.sum);
  assert.deepEqual(registry.requests, [], "all of it is locked and in the store");
  assert.equal((await build("by-lock")).sum, first.sum);
  const lock = readFileSync(file);
  rmSync(file);
  const moved = await build("moved");
  assert.notEqual(moved.sum, first.sum);
  assert.equal(moved.stderr, "", "no lock, no warning");
  writeFileSync(file, lock);
  assert.equal((await build("again")).sum, first.sum, "what the store saw last does not count");

  const updated = await run("lock", "--update", "arm64v8/busybox:1.36");
  assert.equal(updated.status, 0, updated.stderr);
  const [busybox, python, totals] = updated.stdout.split("\n");
  assert.match(
    busybox!,
    /^ {2}moved {2}docker\.io\/arm64v8\/busybox:1\.36 +[0-9a-f]{12} -> [0-9a-f]{12} {2}layers: 0 kept, 1 new \(\d+ B\), 1 gone \(6\.0 kB\); 0 B to download$/,
  );
  assert.match(python!, /^ {2}kept {3}docker\.io\/arm64v8\/python:3\.11-slim +[0-9a-f]{12}$/);
  assert.match(totals!, /^aircrate\.lock: 2 images for linux\/arm64, layers \d.* to download, written$/);
  assert.equal((await build("updated", "--locked")).sum, moved.sum);
});

test("lock --json prints the report and nothing else", async (t) => {
  const { run, moveBusybox } = await lockedGallery(t);
  moveBusybox();
  const { status, stdout, stderr } = await run("lock", "--update", "--json");
  assert.deepEqual([status, stderr], [0, ""]);
  const report = decodeText(LockReport, stdout);
  assert.deepEqual(
    report.images.map(({ reference, change }) => [reference, change]),
    [
      [BUSYBOX, "moved"],
      [PYTHON, "kept"],
    ],
  );
  assert.ok(report.images[0]?.download);
});

test("a reference that is not locked is asked for with a warning", async (t) => {
  const { build, registry, file } = await lockedGallery(t);
  const lock: Lock = JSON.parse(readFileSync(file, "utf8"));
  delete lock.images[BUSYBOX];
  writeFileSync(file, JSON.stringify(lock));
  registry.clearRequests();
  const { stderr } = await build("loose");
  assert.match(
    stderr,
    /^warning: auterion-app\.yml:\d+: docker\.io\/arm64v8\/busybox:1\.36 is not in aircrate\.lock: aircrate lock adds it\n$/,
  );
  const asked = registry.requests.flatMap(({ kind, reference }) => (kind === "manifest" ? [reference] : []));
  assert.ok(asked.includes("1.36"));
  assert.ok(!asked.includes("3.11-slim"));
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), lock, "a build never writes the lock");
});

describe("--locked refuses a lock that does not fit", () => {
  const edit = (file: string, change: (lock: Lock) => void) => {
    const lock: Lock = JSON.parse(readFileSync(file, "utf8"));
    change(lock);
    writeFileSync(file, JSON.stringify(lock));
  };
  const FIRST = "aircrate.lock: the lock file does not fit the project";
  const cases: [name: string, spoil: (dir: string, file: string) => void, first: string, reason: RegExp][] = [
    [
      "a reference that is new",
      (_, file) => edit(file, ({ images }) => delete images[PYTHON]),
      FIRST,
      /Dockerfile\.base:2: docker\.io\/arm64v8\/python:3\.11-slim is not in aircrate\.lock\n {2}-> /,
    ],
    [
      "a tag that was changed: one is missing, one is unused",
      (dir) => {
        const text = readFileSync(join(dir, "Dockerfile.base"), "utf8");
        writeFileSync(join(dir, "Dockerfile.base"), text.replace("3.11-slim", "3.12-slim"));
      },
      FIRST,
      /python:3\.12-slim is not in aircrate\.lock\n {2}nothing uses docker\.io\/arm64v8\/python:3\.11-slim any more\n/,
    ],
    [
      "a platform that is missing",
      (_, file) =>
        edit(file, ({ images }) => {
          const { platforms } = images[BUSYBOX]!;
          images[BUSYBOX] = { platforms: { "linux/amd64": platforms["linux/arm64"]! } };
        }),
      FIRST,
      /auterion-app\.yml:\d+: docker\.io\/arm64v8\/busybox:1\.36 is not in aircrate\.lock for linux\/arm64\n/,
    ],
    [
      "a reference that nothing uses",
      (_, file) =>
        edit(file, ({ images }) => {
          images["docker.io/library/old:1"] = images[BUSYBOX]!;
        }),
      FIRST,
      /nothing uses docker\.io\/library\/old:1 any more\n {2}-> bring it up to date: aircrate lock\n/,
    ],
    ["no lock", (_, file) => rmSync(file), "aircrate.lock: there is no lock file", /python:3\.11-slim is not locked\n/],
  ];
  for (const [name, spoil, first, reason] of cases) {
    test(name, async (t) => {
      const { dir, file, run, registry } = await lockedGallery(t);
      spoil(dir, file);
      registry.clearRequests();
      const { status, stderr } = await run("build", "--locked", "-o", join(tempDir(t), "out"));
      assert.equal(status, 7, stderr);
      assert.ok(stderr.startsWith(`aircrate: ${first}\n`), stderr);
      assert.match(stderr, reason);
      assert.deepEqual(registry.requests, []);
    });
  }
  test("nothing that is pulled needs no lock", async (t) => {
    const dir = writeFiles(tempDir(t), {
      "aircrate.yml": "images:\n  app: { context: . }\n",
      Dockerfile: "FROM scratch\nCOPY Dockerfile /\n",
    });
    await aircrateFor(t).build([dir, "--locked"]);
  });
});

test("with real images, for the device and the simulation, the same lock from two stores", async (t) => {
  const registry = await registryFor(t);
  if (registry === undefined) return;
  const dir = writeFiles(tempDir(t), {
    "aircrate.yml": 'images:\n  app: { from: "python:3.11-slim" }\n  box: { from: "busybox:1.36" }\n',
  });
  const file = join(dir, "aircrate.lock");
  const texts: string[] = [];
  for (const store of ["one", "two"]) {
    const aircrate = aircrateFor(t, { store: join(tempDir(t), store) });
    for (const more of [[], ["--simulation"]]) {
      const { status, stderr } = await aircrate.run(["lock", dir, ...more, ...mirror(registry)]);
      assert.equal(status, 0, stderr);
    }
    texts.push(readFileSync(file, "utf8"));
    rmSync(file);
  }
  assert.equal(texts[0], texts[1]);
  const { images }: Lock = JSON.parse(texts[0]!);
  for (const name of ["library/python:3.11-slim", "library/busybox:1.36"]) {
    const { index, platforms } = images[`docker.io/${name}`]!;
    const seeded: SeededImage = registry.seed.images[name]!;
    assert.equal(index?.digest, seeded.digest);
    assert.equal(platforms["linux/arm64"]?.manifest.digest, seeded.entries?.["linux/arm64/v8"]?.digest);
    assert.equal(platforms["linux/amd64"]?.manifest.digest, seeded.entries?.["linux/amd64"]?.digest);
  }
});
