import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { type Aircrate, aircrateFor, PROGRAM } from "../support/aircrate.ts";
import { onCleanup, tempDir } from "../support/cleanup.ts";
import { demoRegistry, mirror } from "../support/demo-registry.ts";
import { makeImage } from "../support/image-content.ts";
import { noise } from "../support/noise.ts";
import { manifestOf, writeFiles } from "../support/project.ts";
import { run, runOk } from "../support/run.ts";
import { requireRoot, requireTool } from "../support/tools.ts";
import { tarOf } from "../support/ustar.ts";

/** A project that needs no registry; with a file of so many bytes that do not pack. */
function project(t: TestContext, size = 10): string {
  return writeFiles(tempDir(t), {
    "auterion-app.yml": manifestOf(),
    "one/Dockerfile": "FROM scratch\nCOPY data /data\n",
    "one/data": noise(1, size),
  });
}

test("without -o the file lies in the project's folder build, named after application and version", async (t) => {
  const dir = project(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const done = async (...args: string[]) => (await aircrate.build(args)).file;
  assert.equal(await done(), "build/com.example.app-1.0.0.auterionos");
  assert.equal(await done("--unversioned-file"), "build/com.example.app.auterionos");
  assert.equal(await done("--app-version", "2.0-rc.1"), "build/com.example.app-2.0-rc.1.auterionos");
  assert.equal(await done("--simulation"), "build/com.example.app-1.0.0-simulation.auterionos");
  assert.equal(await done("--format", "docker-archive"), "build/com.example.app-1.0.0.tar");
  assert.equal(await done("--format", "oci"), "build/com.example.app-1.0.0.oci.tar");
  assert.deepEqual(readdirSync(join(dir, "build")).sort(), [
    ...[
      "com.example.app-1.0.0-simulation.auterionos",
      "com.example.app-1.0.0.auterionos",
      "com.example.app-1.0.0.oci.tar",
    ],
    ...["com.example.app-1.0.0.tar", "com.example.app-2.0-rc.1.auterionos", "com.example.app.auterionos"],
  ]);
});

test("folders of the output are made, and a file that is there is replaced", async (t) => {
  const dir = project(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  const file = join(dir, "two/three/four/out.auterionos");
  await aircrate.build(["-o", file]);
  const first = readFileSync(file);
  writeFileSync(join(dir, "one/data"), "other");
  await aircrate.build(["-o", file]);
  assert.notDeepEqual(readFileSync(file), first);
  assert.deepEqual(readdirSync(join(dir, "two/three/four")), ["out.auterionos"]);
});

test("an output that cannot be written is an error of status 4, and nothing is left of it", async (t) => {
  const dir = project(t);
  const aircrate = aircrateFor(t, { cwd: dir });
  mkdirSync(join(dir, "folder"));
  await refused(aircrate, "folder", "it is a folder");
  await refused(aircrate, "folder/", "it is a folder");
  writeFileSync(join(dir, "file"), "");
  await refused(aircrate, "file/out", "");
  await refused(aircrate, "file/below/out", "");
  symlinkSync("folder", join(dir, "link"));
  await refused(aircrate, "link", "it is a folder");
  if (process.platform === "linux") await refused(aircrate, "/proc/aircrate/out", "ENOENT");
  assert.deepEqual(readdirSync(dir).sort(), ["auterion-app.yml", "file", "folder", "link", "one"]);
  assert.deepEqual(readdirSync(join(dir, "folder")), []);
});

test("so is one in a folder that is not for writing", async (t) => {
  if (process.getuid?.() === 0) {
    // Modes do not stop root; a mount does.
    const place = await mountOf(t, "ro");
    if (place !== undefined) await refused(aircrateFor(t, { cwd: project(t) }), join(place, "out"), "EROFS");
    return;
  }
  const place = tempDir(t);
  chmodSync(place, 0o500);
  await refused(aircrateFor(t, { cwd: project(t) }), join(place, "out"), "EACCES");
});

test("so is one that outgrows its file system", async (t) => {
  const place = await mountOf(t, "size=1m");
  if (place === undefined) return;
  const dir = project(t, 3_000_000);
  await refused(aircrateFor(t, { cwd: dir }), join(place, "out"), "ENOSPC");
  assert.deepEqual(readdirSync(place), []);
});

test("so is one that outgrows the limit for files", async (t) => {
  const dir = project(t, 3_000_000);
  const aircrate = aircrateFor(t, { cwd: dir });
  await aircrate.build(["-o", "first"]);
  // 512-byte blocks. What the store needs is there, so the output alone meets the limit.
  const limited = await run(
    "sh",
    ["-c", 'ulimit -f 2000 && exec "$@"', "sh", process.execPath, PROGRAM, "build", "-o", "second"],
    {
      cwd: dir,
      env: { AIRCRATE_STORE: aircrate.store },
    },
  );
  assert.equal(limited.status, 4, limited.stderr);
  assert.match(limited.stderr, /^aircrate: second: the file cannot be written\n {2}EFBIG/);
  assert.ok(!existsSync(join(dir, "second")));
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.includes("second")),
    [],
  );
});

test("a store without room is an error of status 4", async (t) => {
  const place = await mountOf(t, "size=300k");
  if (place === undefined) return;
  const registry = await demoRegistry(t);
  const store = join(place, "store");
  const layers = [tarOf([{ path: "noise", data: noise(1, 1_000_000) }])];
  registry.addImage("library/noise", "1", makeImage({ platform: { os: "linux", architecture: "arm64" }, layers }));
  const pulling = writeFiles(tempDir(t), { "auterion-app.yml": manifestOf(), "one/Dockerfile": "FROM noise:1\n" });
  for (const args of [[project(t, 3_000_000)], [pulling, ...mirror(registry)]]) {
    const out = join(tempDir(t), "out");
    const done = await aircrateFor(t, { store }).run(["build", ...args, "-o", out]);
    assert.equal(done.status, 4, done.stderr);
    assert.match(done.stderr, /^aircrate: .*store: the store cannot be written to\n {2}\S/);
    assert.match(done.stderr, /AIRCRATE_STORE/);
    assert.ok(!existsSync(out));
    assert.deepEqual(readdirSync(join(store, "aircrate/tmp")), []);
  }
});

async function refused(aircrate: Aircrate, output: string, reason: string): Promise<void> {
  const done = await aircrate.run(["build", "-o", output]);
  assert.equal(done.status, 4, `${output}: ${done.stderr}`);
  const [first, second] = done.stderr.split("\n");
  assert.equal(first, `aircrate: ${output}: the file cannot be written`);
  assert.ok(second?.includes(reason), done.stderr);
  assert.match(done.stderr, /\n {2}-> .*-o/);
}

/** A new file system in memory; undefined when the test has been skipped. */
async function mountOf(t: TestContext, option: string): Promise<string | undefined> {
  if (!requireRoot(t) || !requireTool(t, "mount")) return undefined;
  const dir = join(tempDir(t), "mount");
  mkdirSync(dir);
  await runOk("mount", ["-t", "tmpfs", "-o", option, "tmpfs", dir]);
  onCleanup(t, async () => {
    await runOk("umount", [dir]);
  });
  return dir;
}
