import assert from "node:assert/strict";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { tempDir } from "../support/cleanup.ts";
import { demoRegistry } from "../support/demo-registry.ts";
import { arm64NodeFor, NODE_VERSIONS } from "../support/node-versions.ts";
import { run } from "../support/run.ts";
import { requireRoot, requireThat, requireTool } from "../support/tools.ts";
import { type BuildOptions, builtBy, type Checkout, writeProject } from "./determinism-project.ts";

const CHECKOUT: Checkout = { fileMode: 0o644, folderMode: 0o755, time: 1_000_000_000, backwards: false };

test("one project gives the same bytes on every machine", async (t) => {
  const registry = await demoRegistry(t);
  const cwd = writeProject(t, CHECKOUT);
  const expected = await builtBy(t, registry, { cwd });
  const same = async (t: TestContext, options: BuildOptions) =>
    assert.equal(await builtBy(t, registry, options), expected);

  // The oldest and the newest: what lies between them is tried on the architecture of this machine.
  for (const version of [NODE_VERSIONS[0], NODE_VERSIONS.at(-1)!]) {
    await t.test(`of arm64, with Node ${version}`, async (t) => {
      const node = await arm64NodeFor(t, version);
      if (node !== undefined) await same(t, { cwd, node });
    });
  }

  await t.test("whose file system lists folders in any order", async (t) => {
    const preload = join(tempDir(t), "shuffle.mjs");
    writeFileSync(preload, SHUFFLED);
    for (const seed of [1, 2, 3]) {
      const report = { stderr: "" };
      await same(t, { cwd, env: { NODE_OPTIONS: `--import=${preload}`, SHUFFLE: String(seed) }, report });
      const [, moved] = /^shuffled: (\d+) names moved$/m.exec(report.stderr) ?? [];
      assert.ok(Number(moved) > 100, report.stderr);
    }
  });

  for (const { name, type, mount } of FILE_SYSTEMS) {
    await t.test(`with its files on ${name}`, async (t) => {
      if (!requireRoot(t) || !requireTool(t, "mount", "mke2fs")) return;
      const parent = join(tempDir(t), "mounted");
      mkdirSync(parent);
      if (!requireThat(t, await mount(parent))) return;
      assert.equal(statfsSync(parent).type, type);
      const there = writeProject(t, { ...CHECKOUT, backwards: true, parent });
      await same(t, { cwd: there, store: join(parent, "store"), output: join(parent, "gallery.auterionos") });
    });
  }
});

interface FileSystem {
  readonly name: string;
  /** As statfs(2) tells it. */
  readonly type: number;
  /** Mounts a new one; resolves to the reason when that is not possible. */
  mount(point: string): Promise<string | undefined>;
}

const FILE_SYSTEMS: readonly FileSystem[] = [
  { name: "tmpfs", type: 0x01021994, mount: (point) => mounted(["-t", "tmpfs", "-o", "size=64m", "tmpfs", point]) },
  // Lists a folder in the order of a hash whose seed is new in each.
  { name: "ext4", type: 0xef53, mount: (point) => mountImage(["-t", "ext4", "-O", "dir_index"], point) },
  // The same as before there was a hash: in the order in which files were made.
  { name: "ext2", type: 0xef53, mount: (point) => mountImage(["-t", "ext2", "-O", "^dir_index"], point) },
];

async function mountImage(options: readonly string[], point: string): Promise<string | undefined> {
  const image = `${point}.img`;
  const { status, stderr } = await run("mke2fs", ["-q", ...options, image, "64M"]);
  return status === 0 ? mounted(["-o", "loop", image, point]) : `mke2fs: ${stderr.trim()}`;
}

async function mounted(args: readonly string[]): Promise<string | undefined> {
  const { status, stderr } = await run("mount", args);
  return status === 0 ? undefined : `cannot mount: ${stderr.trim()}`;
}

/** Stands for a file system with an order of its own. Tells at the end how many names stood elsewhere than before. */
const SHUFFLED = `
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";
let state = Number(process.env.SHUFFLE);
let moved = 0;
function shuffle(names) {
  const before = [...names];
  for (let i = names.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (i + 1));
    [names[i], names[other]] = [names[other], names[i]];
  }
  moved += names.filter((name, i) => name !== before[i]).length;
  return names;
}
const { readdirSync, readdir } = fs;
const readdirLater = fs.promises.readdir;
fs.readdirSync = (...args) => shuffle(readdirSync(...args));
fs.readdir = (...args) => {
  const done = args.pop();
  readdir(...args, (error, names) => done(error, error ? names : shuffle(names)));
};
fs.promises.readdir = async (...args) => shuffle(await readdirLater(...args));
for (const name of ["opendir", "opendirSync"]) {
  fs[name] = () => {
    throw new Error(name + " is not shuffled by this test");
  };
}
fs.promises.opendir = fs.opendir;
syncBuiltinESMExports();
process.on("exit", () => {
  if (isMainThread) process.stderr.write("shuffled: " + moved + " names moved\\n");
});
`;
