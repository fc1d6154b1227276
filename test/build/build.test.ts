import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { Value } from "@sinclair/typebox/value";
import { type BuildOptions, build } from "../../lib/build/build.ts";
import type { BuildEvent } from "../../lib/events.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { BuildReport } from "../../spec/report.ts";
import { tempDir } from "../support/cleanup.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { failure, rejectsWith } from "../support/faults.ts";
import { seedDemo } from "../support/generated-base.ts";
import { listTar } from "../support/gnu-tar.ts";
import { registryWith, rule } from "../support/registries.ts";
import { runOk } from "../support/run.ts";
import { prose } from "../support/seeded.ts";
import { requireTool } from "../support/tools.ts";

const FILES: Readonly<Record<string, string>> = {
  "auterion-app.yml": `auterion-api-version: 3
auterion-app-base: none
app-name: app
app-author: com.example
app-version: 1.2.3
target-platform: skynode
services:
  one:
    build: one
  two:
    build: two
`,
  "aircrate.yml": "images:\n  base: { context: ., dockerfile: Dockerfile.base }\n",
  "Dockerfile.base": "FROM arm64v8/python:3.11-slim\nWORKDIR /app\nCOPY tool.sh /bin/\n",
  "tool.sh": "#!/bin/sh\n",
  "one/Dockerfile": 'FROM base\nCOPY main.py big /app/\nCMD ["python3", "main.py"]\n',
  "one/main.py": "print(1)\n",
  "one/big": prose(1, 900_000).toString(),
  "two/Dockerfile": "FROM base\nCOPY --chown=www-data main.py /tmp/\nUSER www-data\n",
  "two/main.py": "print(2)\n",
};

interface Project {
  readonly dir: string;
  readonly registry: EmbeddedRegistry;
  /** Builds with a store of its own unless told otherwise. */
  run(options?: Partial<BuildOptions>): Promise<BuildReport>;
}

async function projectFor(t: TestContext, changes: Readonly<Record<string, string>> = {}): Promise<Project> {
  const dir = join(tempDir(t), "project");
  for (const [name, content] of Object.entries({ ...FILES, ...changes })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  const registry = await registryWith(t);
  seedDemo(registry);
  const store = join(tempDir(t), "store");
  const mirrors = new Map([["docker.io", registry.host]]);
  return { dir, registry, run: (options) => build({ dir, store, registry: { mirrors }, ...options }) };
}

function sources({ images }: BuildReport): string[][] {
  return images.map(({ layers }) => layers.map(({ source, shared }) => `${source}${shared ? ", shared" : ""}`));
}

test("first everything is pulled and packed, then nothing is, and the file is the same", async (t) => {
  const { dir, run, registry } = await projectFor(t);
  const events: BuildEvent[] = [];
  const report = await run({ onEvent: (event) => events.push(event) });
  assert.ok(Value.Check(BuildReport, report));
  const file = join(dir, "build/com.example.app-1.2.3.auterionos");
  assert.deepEqual([report.file, report.format, report.size], [file, "auterionos", statSync(file).size]);
  const base = ["pulled, shared", "pulled, shared", "packed, shared", "packed, shared"];
  assert.deepEqual(sources(report), [
    [...base, "packed"],
    [...base, "packed"],
  ]);
  assert.deepEqual(
    report.payload.map(({ name }) => name).filter((name) => name.endsWith(".image")),
    ["com.example.app.image"],
  );
  const bytes = readFileSync(file);
  assert.equal(events.filter(({ kind }) => kind === "pull-end").length, 2);

  registry.clearRequests();
  const again = await run();
  const stored = base.map(() => "store, shared");
  assert.deepEqual(sources(again), [
    [...stored, "store"],
    [...stored, "store"],
  ]);
  assert.equal(Buffer.compare(readFileSync(file), bytes), 0);
  assert.deepEqual(
    registry.requests.map(({ kind }) => kind),
    ["ping", "manifest"],
  );
  await run({ offline: true, pool: createWorkPool({ threads: 1, native: false }) });
  assert.equal(Buffer.compare(readFileSync(file), bytes), 0);
});

test("what is in the layers", async (t) => {
  if (!requireTool(t, "tar")) return;
  const { run } = await projectFor(t);
  const dir = tempDir(t);
  const { images } = await run({ format: "docker-archive", output: join(dir, "out.tar"), epoch: 1_700_000_000 });
  await runOk("tar", ["--extract", "-f", "out.tar"], { cwd: dir });
  const layer = async (image: number, at: number) => {
    const { digest } = images[image]!.layers.at(at)!;
    const members = await listTar(join(dir, "blobs/sha256", digest.slice(7)));
    return members.map(({ mode, owner, path, time }) => {
      assert.equal(time, "2023-11-14 22:13:20");
      return `${mode} ${owner} ${path}`;
    });
  };
  assert.deepEqual(await layer(0, 2), ["drwxr-xr-x 0/0 app/"]);
  // The base's /bin is a link, and its /tmp is sticky.
  const toolLayer = ["drwxr-xr-x 0/0 usr/", "drwxr-xr-x 0/0 usr/bin/", "-rw-r--r-- 0/0 usr/bin/tool.sh"];
  assert.deepEqual(await layer(0, 3), toolLayer);
  assert.deepEqual(await layer(0, 4), ["drwxr-xr-x 0/0 app/", "-rw-r--r-- 0/0 app/big", "-rw-r--r-- 0/0 app/main.py"]);
  assert.deepEqual(await layer(1, 4), ["drwxrwxrwt 0/0 tmp/", "-rw-r--r-- 33/33 tmp/main.py"]);
});

test("an edit makes one layer anew, a touch and other permissions none", async (t) => {
  const { dir, run } = await projectFor(t);
  const first = await run();
  writeFileSync(join(dir, "two/main.py"), FILES["two/main.py"]!);
  chmodSync(join(dir, "one/main.py"), 0o600);
  const touched = await run();
  assert.ok(
    sources(touched)
      .flat()
      .every((source) => source.startsWith("store")),
  );
  assert.deepEqual(touched.payload, first.payload);
  writeFileSync(join(dir, "two/main.py"), "print(3)\n");
  const edited = await run();
  assert.deepEqual(
    sources(edited).map((layers) => layers.filter((source) => source.startsWith("packed")).length),
    [0, 1],
  );
});

test("mirrors of the project, then those of the user; what they lack comes from the registry", async (t) => {
  const origin = await registryWith(t);
  const mirror = await registryWith(t);
  for (const registry of [origin, mirror]) seedDemo(registry);
  const image = (name: string) => `${origin.host}/arm64v8/${name}`;
  const registries = `registries:\n  ${image("python")}: { mirrors: ["${mirror.host}"] }\n`;
  const { run } = await projectFor(t, {
    "aircrate.yml": `${FILES["aircrate.yml"]}${registries}`,
    "Dockerfile.base": `FROM ${image("python:3.11-slim")}\n`,
    "two/Dockerfile": `FROM ${image("busybox:1.36")}\n`,
  });
  const user = rule([mirror.host], { fallback: false });
  const registry = { registries: new Map([image("python"), image("busybox")].map((prefix) => [prefix, user])) };
  const first = await run({ registry });
  assert.deepEqual([origin.requests.length, first.warnings], [0, []]);

  const lost = first.images[0]!.layers[0]!.digest;
  mirror.removeBlob("arm64v8/python", lost);
  const again = await run({ registry, store: join(tempDir(t), "store") });
  assert.deepEqual(
    origin.requests.filter(({ kind }) => kind !== "ping").map(({ reference }) => reference),
    [lost],
  );
  assert.deepEqual(again.payload, first.payload);
  const [warning, ...more] = again.warnings;
  assert.match(warning!, new RegExp(`^mirror ${mirror.host} was passed over: there is no such image: answers 404`));
  assert.equal(more.length, 0);
});

describe("builds that are refused or fail leave no file", () => {
  async function refused(t: TestContext, project: Project, options: Partial<BuildOptions>) {
    const output = join(tempDir(t), "deep/out");
    const error = await failure(project.run({ ...options, output }));
    assert.equal(existsSync(output), false);
    if (existsSync(dirname(output))) assert.deepEqual(readdirSync(dirname(output)), []);
    return Promise.reject(error);
  }
  test("--locked, without a lock file", async (t) => {
    const project = await projectFor(t);
    const error = await rejectsWith(refused(t, project, { locked: true }), "refused", /no lock file/, /aircrate lock/);
    assert.match(error.reason.join(), /Dockerfile\.base:1: docker\.io\/arm64v8\/python:3\.11-slim/);
    assert.equal(project.registry.requests.length, 0);
  });
  test("--offline, with an empty store", async (t) => {
    const project = await projectFor(t);
    await rejectsWith(refused(t, project, { offline: true }), "refused", /not in the store/);
    assert.equal(project.registry.requests.length, 0);
  });
  test("a registry without the image", async (t) => {
    const project = await projectFor(t, { "Dockerfile.base": "FROM arm64v8/python:3.12\n" });
    const error = await rejectsWith(refused(t, project, {}), "unreachable", /there is no such image/);
    assert.equal(error.where, "docker.io/arm64v8/python:3.12");
  });
  test("a COPY of what is not there, told with its line", async (t) => {
    const project = await projectFor(t, { "two/Dockerfile": "FROM base\nCOPY nope /x\n" });
    const error = await rejectsWith(refused(t, project, {}), "input", /there is no nope/);
    assert.match(error.where ?? "", /two\/Dockerfile:2$/);
  });
  test("a format that the project cannot have", async (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "aircrate.yml"), "images:\n  a: { from: scratch }\n");
    const failed = build({ dir, store: join(dir, "store"), format: "auterionos" });
    await rejectsWith(failed, "usage", /needs an auterion-app\.yml/);
    assert.deepEqual(readdirSync(dir), ["aircrate.yml"]);
  });
  test("a store that is a file", async (t) => {
    const project = await projectFor(t);
    await rejectsWith(refused(t, project, { store: join(project.dir, "tool.sh") }), "unreachable", /AIRCRATE_STORE/);
  });
  test("an abort, at any stage", async (t) => {
    const project = await projectFor(t);
    for (const kind of ["resolve", "pull-start", "pull-end"]) {
      const stop = new AbortController();
      const onEvent = (event: BuildEvent) => {
        if (event.kind === kind) stop.abort();
      };
      const failed = refused(t, project, { onEvent, signal: stop.signal, store: join(tempDir(t), "store") });
      assert.equal(((await failure(failed)) as Error).name, "AbortError", kind);
    }
    const before = await failure(refused(t, project, { signal: AbortSignal.abort() }));
    assert.equal((before as Error).name, "AbortError");
  });
  test("of several failures, the first in the order of the plan is told", async (t) => {
    const project = await projectFor(t, {
      "one/Dockerfile": "FROM base\nCOPY nope-one /x\n",
      "two/Dockerfile": "FROM base\nCOPY nope-two /x\n",
    });
    for (let i = 0; i < 3; i += 1) await rejectsWith(refused(t, project, {}), "input", /nope-one/);
  });
});
