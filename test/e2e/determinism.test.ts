import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { build } from "../../lib/build/build.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { type AircrateOptions, aircrateFor, GALLERY, PROGRAM } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import type { EmbeddedRegistry } from "../support/embedded-registry.ts";
import { NODE_VERSIONS, nodeFor } from "../support/node-versions.ts";
import { run } from "../support/run.ts";
import { projectDir, requireRoot, requireThat, requireTool } from "../support/tools.ts";

/** An account that can do nothing in particular. */
const NOBODY = 65_534;
const EARLY = 1_000_000_000;
const LATE = 2_000_000_000;

test("one project gives the same bytes, whoever builds it where, when and with what", async (t) => {
  const registry = await demoRegistry(t, { auth: { mode: "token", anonymous: true } });
  const first = writeProject(t, { fileMode: 0o644, folderMode: 0o755, time: EARLY, backwards: false });
  const expected = await builtBy(t, registry, { cwd: first, umask: 0o022 });
  const same = async (t: TestContext, options: BuildOptions) =>
    assert.equal(await builtBy(t, registry, options), expected);

  await t.test("in another folder, later, with other modes, umask and order of files", async (t) => {
    for (const [fileMode, folderMode, umask] of [
      [0o600, 0o700, 0o077],
      [0o640, 0o750, 0o027],
      [0o664, 0o775, 0o002],
    ] as const) {
      const cwd = writeProject(t, { fileMode, folderMode, time: LATE, backwards: true });
      await same(t, { cwd, umask });
    }
  });

  await t.test("named from elsewhere, by another path", async (t) => {
    await same(t, { cwd: dirname(first), dir: "./photo-gallery/" });
    await same(t, { cwd: "/", dir: first });
  });

  await t.test("in another language, time zone and host environment", async (t) => {
    const env = {
      TZ: "Asia/Kathmandu",
      LANG: "tr_TR.UTF-8",
      LC_ALL: "tr_TR.UTF-8",
      LANGUAGE: "tr",
      CI: "1",
      USER: "x",
    };
    await same(t, { cwd: first, env: { ...env, NO_COLOR: "1", HOSTNAME: "elsewhere", UV_THREADPOOL_SIZE: "1" } });
    await same(t, { cwd: first, env: { TZ: "America/St_Johns", LANG: "C", LC_ALL: "C", COLUMNS: "40" } });
  });

  await t.test("by another user", async (t) => {
    if (!requireRoot(t) || !requireTool(t, "setpriv")) return;
    const shared = openFolder(t);
    const cwd = writeProject(t, { fileMode: 0o644, folderMode: 0o755, time: LATE, backwards: true, parent: shared });
    const can = await run("setpriv", [
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      "--clear-groups",
      "test",
      "-r",
      PROGRAM,
    ]);
    if (!requireThat(t, can.status === 0 ? undefined : `user ${NOBODY} may not read ${PROGRAM}`)) return;
    const env = { HOME: join(shared, "home") };
    const output = join(shared, "out", "gallery.auterionos");
    await same(t, { cwd, user: NOBODY, umask: 0o077, store: join(shared, "store"), env, dir: cwd, output });
    assert.equal(statSync(output).uid, NOBODY, "it was that user");
  });

  for (const version of NODE_VERSIONS) {
    await t.test(`by Node ${version}`, async (t) => {
      const node = await nodeFor(t, version);
      if (node !== undefined) await same(t, { cwd: first, node });
    });
  }

  await t.test("by a Node whose zlib packs in another way", async (t) => {
    const preload = join(tempDir(t), "zlib.mjs");
    writeFileSync(preload, OTHER_ZLIB);
    const report = { stderr: "" };
    await same(t, { cwd: first, env: { NODE_OPTIONS: `--import=${preload}` }, report });
    // The known-answer check packs two blocks; after that, zlib is not asked again.
    assert.deepEqual(report.stderr.match(/^deflateRawSync: \d+ calls$/gm), ["deflateRawSync: 2 calls"]);
  });

  await t.test("with one thread or three, packed by zlib or by pako", async (t) => {
    for (const work of [{ threads: 1, native: false }, { threads: 3, native: false }, { threads: 3 }]) {
      const dir = tempDir(t);
      const file = join(dir, "gallery.auterionos");
      const mirrors = new Map([["docker.io", registry.host]]);
      await build({
        dir: first,
        store: join(dir, "store"),
        output: file,
        registry: { mirrors },
        pool: createWorkPool(work),
      });
      assert.equal(await sha256Of(file), expected);
    }
  });

  await t.test("from a store that has it all, or from another one", async (t) => {
    const aircrate = aircrateFor(t);
    for (let i = 0; i < 2; i += 1) await same(t, { cwd: first, store: aircrate.store });
  });
});

test("what goes into the bytes changes them", async (t) => {
  const registry = await demoRegistry(t);
  const cwd = writeProject(t, { fileMode: 0o644, folderMode: 0o755, time: EARLY, backwards: false });
  const seen = new Map<string, string>();
  const distinct = async (what: string, options: AircrateOptions) => {
    const sum = await builtBy(t, registry, { cwd, ...options });
    assert.equal(seen.get(sum), undefined, what);
    seen.set(sum, what);
  };
  await distinct("as it is", {});
  await distinct("another time by SOURCE_DATE_EPOCH", { env: { SOURCE_DATE_EPOCH: String(EARLY) } });
  chmodSync(join(cwd, "src/gallery-service/main.py"), 0o755);
  await distinct("a file that can be executed", {});
  writeFileSync(join(cwd, "src/gallery-service/page.py"), "another page\n");
  await distinct("another content", {});
});

for (const format of ["docker-archive", "oci"]) {
  test(`with --format ${format}, too, modes, umask and order of files make no difference`, async (t) => {
    const registry = await demoRegistry(t);
    const sums: string[] = [];
    for (const [i, [fileMode, umask]] of (
      [
        [0o644, 0o022],
        [0o600, 0o077],
      ] as const
    ).entries()) {
      const cwd = writeProject(t, { fileMode, folderMode: 0o755, time: EARLY + i, backwards: i === 1 });
      sums.push(await builtBy(t, registry, { cwd, umask, format }));
    }
    assert.equal(sums[0], sums[1]);
  });
}

interface BuildOptions extends AircrateOptions {
  /** Project folder; the default is that it is the current one. */
  readonly dir?: string;
  readonly output?: string;
  readonly format?: string;
  /** Gets what was written to standard error. */
  readonly report?: { stderr: string };
}

/** Builds with a new store, unless one is given, and resolves to the checksum of the file. */
async function builtBy(t: TestContext, registry: EmbeddedRegistry, options: BuildOptions): Promise<string> {
  const { dir, output, format, report, ...rest } = options;
  const file = output ?? join(tempDir(t), "gallery.out");
  const args = [...(dir === undefined ? [] : [dir]), ...(format === undefined ? [] : ["--format", format])];
  const done = await aircrateFor(t).run(["build", ...args, "-o", file, ...mirror(registry)], rest);
  assert.equal(done.status, 0, done.stderr);
  if (report !== undefined) report.stderr = done.stderr;
  return sha256Of(file);
}

interface Checkout {
  readonly fileMode: number;
  readonly folderMode: number;
  /** Seconds since 1970 of every file. */
  readonly time: number;
  /** Whether the files are made in the opposite order, so that some file systems list them so. */
  readonly backwards: boolean;
  readonly parent?: string;
}

/** The photo gallery with more in it: a large file, many files, links, names that are sorted in a tricky way. */
function writeProject(t: TestContext, checkout: Checkout): string {
  const dir = join(checkout.parent ?? tempDir(t), "photo-gallery");
  const example = join(projectDir(), GALLERY);
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(example, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(example.length + 1), readFileSync(path));
  }
  const dockerfile = "src/gallery-service/Dockerfile";
  files.set(dockerfile, Buffer.from(`${files.get(dockerfile)}COPY assets /app/assets\n`));
  const assets = "src/gallery-service/assets";
  files.set(`${assets}/large.txt`, Buffer.from(largeText()));
  files.set(`${assets}/empty`, Buffer.alloc(0));
  for (const name of ["a.txt", "a-b", "a/b", "B", "ä", "I", "ı", "i", "_", "z/é/深/x", "Z"]) {
    files.set(`${assets}/names/${name}`, Buffer.from(name));
  }
  for (let i = 0; i < 100; i += 1) files.set(`${assets}/many/${i}`, Buffer.from(`${i}`.repeat(i)));
  const names = [...files.keys()].sort();
  for (const name of checkout.backwards ? names.reverse() : names) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, files.get(name)!);
    chmodSync(path, checkout.fileMode);
    utimesSync(path, checkout.time, checkout.time);
  }
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) continue;
    chmodSync(path, checkout.folderMode);
    utimesSync(path, checkout.time, checkout.time);
  }
  chmodSync(dir, checkout.folderMode);
  return dir;
}

/** More than two blocks of packing, so that threads and dictionaries come into play. */
function largeText(): string {
  let state = 7;
  let text = "";
  while (text.length < 1_500_000) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state % 7 === 0 ? `${state}\n` : `row ${state % 1009} of the table\n`;
  }
  return text;
}

/** A folder that every user may write to. */
function openFolder(t: TestContext): string {
  const dir = tempDir(t);
  chmodSync(dir, 0o777);
  return dir;
}

/** Stands for the zlib of a distribution: valid bytes, but other ones. Tells at the end how often it was asked. */
const OTHER_ZLIB = `
import zlib from "node:zlib";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";
const { deflateRawSync } = zlib;
let calls = 0;
zlib.deflateRawSync = (data, options) => {
  calls += 1;
  return deflateRawSync(data, { ...options, level: 1 });
};
syncBuiltinESMExports();
process.on("exit", () => {
  if (isMainThread || calls > 0) process.stderr.write("deflateRawSync: " + calls + " calls\\n");
});
`;
