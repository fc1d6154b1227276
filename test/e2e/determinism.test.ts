import assert from "node:assert/strict";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { type TestContext } from "node:test";
import { build } from "../../lib/build/build.ts";
import { createWorkPool } from "../../lib/workers/pool.ts";
import { type AircrateOptions, aircrateFor, PROGRAM } from "../support/aircrate.ts";
import { sha256Of } from "../support/artifact.ts";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry } from "../support/demo-registry.ts";
import { NODE_VERSIONS, nodeFor } from "../support/node-versions.ts";
import { run } from "../support/run.ts";
import { requireRoot, requireThat, requireTool } from "../support/tools.ts";
import { type BuildOptions, builtBy, writeProject } from "./determinism-project.ts";

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

  await t.test("with one to eight threads, packed by zlib or by pako", async (t) => {
    const widths = Array.from({ length: 8 }, (_, i) => ({ threads: i + 1 }));
    for (const work of [{ threads: 1, native: false }, { threads: 3, native: false }, ...widths]) {
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
